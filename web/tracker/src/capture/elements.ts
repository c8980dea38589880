// How an element is named: the same element has the same name in every visit, and no name tells what
// somebody typed.

const USED = "button, a, summary, label, [role=button], [data-track-id], [data-track-value]";
const LABELLED = "button, a, summary, [role=button], [data-track-value]";
const PATH_LENGTH = 6;
const LABEL_LENGTH = 80;

/** The element that somebody meant by using a part of it; nothing where the page forbids capture. */
export function usedElement({ target }: Event): Element | undefined {
  if (!(target instanceof Element) || target.closest("[data-no-track]")) return undefined;
  return target.closest(USED) ?? target;
}

/** `data-track-id`, else `id`, else an option's name, else a hash of the place in the document. */
export function elementId(element: Element): string {
  const named = element.getAttribute("data-track-id") ?? element.id;
  if (named) return named;
  const value = element.getAttribute("data-track-value");
  return value ? `${elementCategory(element)}:${value}` : `path-${hash(place(element))}`;
}

/** `data-track-category` of the element or what it is in; else what kind of element it is. */
export function elementCategory(element: Element): string {
  const named = element.closest("[data-track-category]")?.getAttribute("data-track-category");
  if (named) return named;
  const name = element.localName;
  return name === "a" ? "link" : name;
}

/** What a control is called, as the visitor reads it; nothing for what holds content or input. */
export function elementLabel(element: Element): string | undefined {
  if (!element.matches(LABELLED)) return undefined;
  const label = element.getAttribute("data-track-value") ?? element.getAttribute("aria-label");
  return (label ?? element.textContent ?? "").trim().slice(0, LABEL_LENGTH) || undefined;
}

function place(element: Element): string {
  const steps: string[] = [];
  let at: Element | null = element;
  while (at && steps.length < PATH_LENGTH) {
    const { localName, parentElement }: Element = at;
    const alike = [...(parentElement?.children ?? [])].filter(
      (each) => each.localName === localName,
    );
    steps.push(`${localName}${alike.indexOf(at)}`);
    at = parentElement;
  }
  return steps.join();
}

/** FNV-1a, 32 bits. */
function hash(text: string): string {
  let value = 0x811c9dc5;
  for (const letter of text) value = Math.imul(value ^ letter.charCodeAt(0), 0x01000193);
  return (value >>> 0).toString(36);
}
