// What a device is called until its owner names it: nothing that the server does not see in every request anyway.
import { say, type Texts } from "../texts";

const BROWSERS = [["Edg", "Edge"], ["OPR", "Opera"], ["Firefox", "Firefox"], ["Chrome", "Chrome"], ["Safari", "Safari"]] as const;
const SYSTEMS = [["iPhone", "iPhone"], ["iPad", "iPad"], ["Android", "Android"], ["Windows", "Windows"], ["Mac OS", "macOS"], ["Linux", "Linux"]] as const;

export function deviceName(texts: Texts): string {
  const find = (names: readonly (readonly [string, string])[]) => names.find(([mark]) => navigator.userAgent.includes(mark))?.[1];
  const [browser, system] = [find(BROWSERS), find(SYSTEMS)];
  return browser && system ? say(texts, "device_name", { browser, system }) : say(texts, "device_label");
}
