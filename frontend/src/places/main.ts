// A field for a city that suggests while one types, and a button that asks the browser where one is. Both only help: the
// pages work without them.
import "./field";
import "./here";
