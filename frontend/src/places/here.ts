// <pairly-here> holds a button that is hidden until this runs. It asks the browser where one is, rounds that to 0.1 degrees
// (about ten kilometres) before anything leaves the machine, and looks around there.
class Here extends HTMLElement {
  connectedCallback(): void {
    const button = this.querySelector("button");
    if (!button || !("geolocation" in navigator)) return;
    this.hidden = false;
    button.addEventListener("click", () => {
      button.disabled = true;
      this.say("");
      navigator.geolocation.getCurrentPosition(
        ({ coords }) => this.look(coords.latitude, coords.longitude),
        () => {
          button.disabled = false;
          this.say(this.dataset["refused"] ?? "");
        },
        { enableHighAccuracy: false, maximumAge: 600_000, timeout: 10_000 },
      );
    });
  }

  private look(lat: number, lon: number): void {
    const form = this.closest("form");
    if (!form) return;
    const values: Record<string, string> = { near: "", place: "", lat: lat.toFixed(1), lon: lon.toFixed(1) };
    for (const [name, value] of Object.entries(values)) {
      const field = form.elements.namedItem(name);
      if (field instanceof HTMLInputElement) field.value = value;
    }
    form.requestSubmit();
  }

  private say(text: string): void {
    const place = this.querySelector("[role=status]");
    if (place) place.textContent = text;
  }
}

customElements.define("pairly-here", Here);
