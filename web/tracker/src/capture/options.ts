// Options (elements with `data-track-value` inside `data-track-category`): which were shown, half of them
// for a second at least, and which were chosen; and categories that were opened and closed.

import { elementCategory } from "./elements";
import type { Capture } from "./index";

const OPTION = "[data-track-value]";
const SHOWN_MS = 1000;
const SHOWN_PART = 0.5;
const LOOK_AGAIN_MS = 500;

/** Captures what is shown and chosen. */
export function captureOptions({ recorder, signal, onPage }: Capture): void {
  const timers = new Map<Element, ReturnType<typeof setTimeout>>();
  const told = new Set<string>();
  let shown = new Map<string, string[]>();

  const sight = new IntersectionObserver(
    (entries) => {
      for (const { target, isIntersecting } of entries) {
        clearTimeout(timers.get(target));
        if (isIntersecting)
          timers.set(
            target,
            setTimeout(() => note(target), SHOWN_MS),
          );
      }
    },
    { threshold: SHOWN_PART },
  );

  function note(element: Element): void {
    sight.unobserve(element);
    const [category, value] = optionOf(element);
    if (told.has(`${category} ${value}`)) return;
    told.add(`${category} ${value}`);
    if (shown.size === 0) setTimeout(tell);
    shown.set(category, [...(shown.get(category) ?? []), value]);
  }

  function tell(): void {
    for (const [category, options] of shown) {
      recorder.track({
        eventType: "options_shown",
        category,
        additionalData: { options },
        interactive: false,
      });
    }
    shown = new Map();
  }

  function look(): void {
    for (const element of document.querySelectorAll(OPTION)) sight.observe(element);
  }

  /** Tells a choice, unless the page itself told it. */
  function choose({ target }: Event): void {
    setTimeout(look, LOOK_AGAIN_MS);
    if (!(target instanceof Element) || target.closest("[data-no-track]")) return;
    const option = target.closest("select")?.selectedOptions[0] ?? target.closest(OPTION);
    if (!option?.matches(OPTION) || !elementCategory(option)) return;
    const [category, value] = optionOf(option);
    const price = Number(option.getAttribute("data-track-price") ?? Number.NaN);
    setTimeout(() => {
      if (signal.aborted || recorder.chosen(category) === value) return;
      recorder.select(category, value, Number.isNaN(price) ? {} : { price });
    });
  }

  function toggle({ target }: Event): void {
    if (!(target instanceof HTMLDetailsElement) || !target.dataset.trackCategory) return;
    const eventType = target.open ? "category_opened" : "category_closed";
    recorder.track({ eventType, category: target.dataset.trackCategory, interactive: target.open });
  }

  const isControl = ({ target }: Event) =>
    target instanceof Element && target.closest("input, select, textarea, label") !== null;
  const byClick = (event: Event) => void (isControl(event) || choose(event));
  document.addEventListener("click", byClick, { capture: true, passive: true, signal });
  document.addEventListener("change", choose, { capture: true, passive: true, signal });
  document.addEventListener("toggle", toggle, { capture: true, passive: true, signal });
  signal.addEventListener("abort", () => sight.disconnect());
  onPage(look);
}

function optionOf(element: Element): [category: string, value: string] {
  return [elementCategory(element), element.getAttribute("data-track-value") ?? ""];
}
