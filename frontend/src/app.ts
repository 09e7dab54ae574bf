// On every page of who is signed in: the worker, so that there is a page without a network too. What fails here is
// missed by nobody.
import { canWork, registerWorker } from "./worker";

if (canWork) void registerWorker().catch(() => undefined);
