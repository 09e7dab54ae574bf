// The page of a payment that is waiting: asks gently what became of it and loads the page anew once it has changed.
// Without this script the page says the same and has a link to look again.
import { get } from "./api";

const FIRST_WAIT_MS = 2_000;
const LONGEST_WAIT_MS = 20_000;
const MINUTES = 10;

const page = document.querySelector<HTMLElement>("[data-payment]");

async function watch(id: string, seen: string): Promise<void> {
  const until = Date.now() + MINUTES * 60_000;
  for (let wait = FIRST_WAIT_MS; Date.now() < until; wait = Math.min(wait * 1.5, LONGEST_WAIT_MS)) {
    await new Promise((done) => setTimeout(done, wait));
    if (document.hidden) continue;
    const payment = await get<"/api/v1/payments/{payment_id}">(`payments/${id}`).catch(() => null);
    if (payment && (payment.status !== seen || payment.is_under_review)) {
      location.reload();
      return;
    }
  }
}

if (page) void watch(page.dataset["payment"] ?? "", page.dataset["status"] ?? "");
