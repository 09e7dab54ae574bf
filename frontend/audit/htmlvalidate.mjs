// Rules for the pages as they are served: all of html-validate's sets but for what is only about formatting.
export default {
  root: true,
  extends: ["html-validate:recommended", "html-validate:standard", "html-validate:a11y"],
  rules: {
    // Django's tags leave their lines' spaces behind; nobody sees them and gzip eats them.
    "no-trailing-whitespace": "off",
    // Upper or lower case: the parser does not care.
    "doctype-style": "off",
    // Several boxes of one choice share its name, as browsers and Django have it.
    "form-dup-name": ["error", { shared: ["radio", "button", "reset", "submit", "checkbox"] }],
  },
};
