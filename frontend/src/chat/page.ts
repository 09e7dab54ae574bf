// What the parts of the conversation page know of each other: features plug into it and are told what happens.
import type { NewMessage } from "../protocol/envelope";
import type { ChatSocket, Frame } from "../socket";
import type { Texts } from "../texts";
import type { Back } from "./back";
import type { Changes } from "./changes";
import type { Composer } from "./composer";
import type { Context } from "./context";
import type { Conversation, Outgoing, Shown } from "./conversation";
import type { Holds } from "./holds";
import type { Notices } from "./notices";
import type { RowEntry, Rows } from "./rows";
import type { Scroll } from "./scroll";

export interface ChatPage {
  readonly root: HTMLElement;
  readonly texts: Texts;
  readonly me: string;
  readonly peer: string;
  readonly peerName: string;
  readonly chat: Conversation;
  readonly rows: Rows;
  readonly holds: Holds;
  readonly scroll: Scroll;
  readonly composer: Composer;
  readonly context: Context;
  readonly changes: Changes;
  readonly back: Back;
  readonly notices: Notices;
  readonly socket: ChatSocket;
  /** What is known of a message on the page. */
  shown(id: string): Shown | undefined;
  /** Send a message of any kind, in its turn after those before it. */
  send(outgoing: Outgoing): void;
  /** Run a job between two frames: what it changes nobody else changes meanwhile. */
  turn(job: () => Promise<void>): Promise<void>;
  /** Look at the server's word on held credits again. */
  lookAtHolds(): Promise<void>;
}

/** One line of a message's menu. */
export interface Action {
  name: string;
  /** Of `frontend/art/icons.svg`. */
  icon: string;
  label: string;
  isDanger?: boolean;
  run(): void;
}

/** What the head of a menu can do to it. */
export interface MenuDoor {
  close(): void;
  /** Find its place again: it has grown. */
  place(): void;
}

/** A part of the page of its own. Every member is optional; none may throw. */
export interface Feature {
  /** Keys and the newest page are there; the socket is about to connect. */
  opened?(): void;
  /** A frame of the server that the page itself has dealt with, or does not know. */
  frame?(frame: Frame): void | Promise<void>;
  /** A message of kind 1 or 5 was drawn, or drawn again. */
  drawn?(entry: RowEntry, shown: Shown): void;
  /** An edit, a deletion or a reaction is in the conversation; its target may not be on the page yet. */
  applied?(shown: Shown): void;
  /** What the composer sends: the message as it is, another one in its place, or nothing. */
  composing?(message: NewMessage): NewMessage | null;
  /** A message of mine is on its way: its row is there. */
  sending?(entry: RowEntry, outgoing: Outgoing): void;
  /** A message of mine that was not sent is a draft again. */
  takenBack?(outgoing: Outgoing): void;
  /** An edit, a deletion or a reaction of mine is on its way. */
  changing?(outgoing: Outgoing): void;
  /** It was refused: it will not be. */
  refused?(outgoing: Outgoing): void;
  /** What stands above the lines of a message's menu. */
  menuHead?(entry: RowEntry, shown: Shown, door: MenuDoor): Element | null;
  /** What can be done with a message. */
  actions?(entry: RowEntry, shown: Shown): Action[];
}

export type MakeFeature = (page: ChatPage) => Feature;
