// Days of a time zone as instants.

/** The zone of this browser. */
export function ownZone(): string {
  return Intl.DateTimeFormat().resolvedOptions().timeZone || "UTC";
}

/** Whether the browser knows a zone of that name. */
export function isZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat("en", { timeZone: name });
    return true;
  } catch {
    return false;
  }
}

/** All zones that the browser knows, UTC first. */
export function allZones(): string[] {
  const others = Intl.supportedValuesOf("timeZone").filter((name) => name !== "UTC");
  return ["UTC", ...others];
}

/** The calendar day (`2026-03-29`) that an instant lies on in a zone. */
export function dayOf(instant: string, tz: string): string {
  return new Intl.DateTimeFormat("en-CA", { timeZone: tz, dateStyle: "short" }).format(
    new Date(instant),
  );
}

/** The day `days` after a day. */
export function addDays(day: string, days: number): string {
  const date = new Date(`${day}T00:00:00Z`);
  date.setUTCDate(date.getUTCDate() + days);
  return date.toISOString().slice(0, 10);
}

/** The instant at which a day begins in a zone, as RFC 3339. */
export function startOfDay(day: string, tz: string): string {
  const wanted = Date.parse(`${day}T00:00:00Z`);
  let guess = wanted - offsetMs(wanted, tz);
  guess = wanted - offsetMs(guess, tz);
  return new Date(guess).toISOString();
}

/** How far a zone's clock is ahead of UTC at an instant. */
function offsetMs(instant: number, tz: string): number {
  const parts = new Intl.DateTimeFormat("en-US", {
    timeZone: tz,
    hourCycle: "h23",
    year: "numeric",
    month: "numeric",
    day: "numeric",
    hour: "numeric",
    minute: "numeric",
    second: "numeric",
  }).formatToParts(new Date(instant));
  const part = (type: string) => Number(parts.find((each) => each.type === type)?.value ?? 0);
  const local = Date.UTC(
    part("year"),
    part("month") - 1,
    part("day"),
    part("hour"),
    part("minute"),
    part("second"),
  );
  return local - Math.floor(instant / 1000) * 1000;
}
