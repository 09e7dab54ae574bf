// Verifiable reports (e2e section 3): what the reporter opens, and its check.
import { type Bytes, concat, decode64, encode64, equal, label, sha256, uint } from "./bytes";
import type { Srv } from "./chain";
import { commitment, type Opened } from "./envelope";
import { contextOf, type Header, parseHeader } from "./header";
import { verify } from "./signing";

export interface Report {
  hdr: string;
  sig: string;
  n: number;
  recv_ms: number;
  head: string;
  skid?: string;
  receipt: string;
  kf: string;
  body: string;
}

export function makeReport(opened: Opened, srv: Srv): Report {
  const { n, recv_ms, head, skid, receipt } = srv;
  return { hdr: encode64(opened.hdr), sig: encode64(opened.sig), n, recv_ms, head, skid, receipt, kf: encode64(opened.frankKey), body: encode64(opened.body) };
}

export async function isVerified(report: Report, serverKey: Bytes, findDevice: (header: Header) => Bytes | undefined): Promise<boolean> {
  const hdr = decode64(report.hdr);
  const header = parseHeader(hdr);
  const device = findDevice(header);
  const place = concat(label("receipt"), header.conversation, uint(report.n, 8), uint(report.recv_ms, 8), await sha256(hdr), decode64(report.head));
  if (!device || !(await verify(serverKey, decode64(report.receipt), place))) return false;
  if (!(await verify(device, decode64(report.sig), concat(label("msg"), hdr)))) return false;
  return equal(await commitment(decode64(report.kf), contextOf(header), decode64(report.body)), header.commit);
}
