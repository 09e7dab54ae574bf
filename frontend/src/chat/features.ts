// The features of the conversation page, in the order of their lines in a message's menu.
import { attachments } from "./attachments";
import { buying } from "./buying";
import { contact } from "./contact";
import { makeDeletions } from "./deletions";
import { makeEdits } from "./edits";
import { makeMoney } from "./money";
import type { MakeFeature } from "./page";
import { planned } from "./planned";
import { makeReactions } from "./reactions";
import { makeReplies } from "./replies";
import { makeReports } from "./reports";
import { makeSearch } from "./search";
import { makeTrust } from "./trust";
import { makeTyping } from "./typing";

export const FEATURES: MakeFeature[] = [planned, makeMoney, contact, buying, makeTrust, makeReactions, makeReplies, makeEdits, makeTyping, makeSearch, makeDeletions, makeReports, attachments];
