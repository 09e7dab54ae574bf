// The inbox of a creator is a device that is online: what is planned leaves from here too.
import { part } from "../chat/parts";
import { PlannedSender } from "./sender";

new PlannedSender(part(document, "toasts").dataset["user"] as string).start();
