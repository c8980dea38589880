// What a person calls the browser behind a user agent.

// The first that matches counts: others name those after them, too.
const BROWSERS = [
  ["Edg/", "Edge"],
  ["OPR/", "Opera"],
  ["Firefox/", "Firefox"],
  ["Chrome/", "Chrome"],
  ["Safari/", "Safari"],
] as const;

const SYSTEMS = [
  ["iPhone", "iPhone"],
  ["iPad", "iPad"],
  ["Android", "Android"],
  ["Windows", "Windows"],
  ["Mac OS X", "macOS"],
  ["Linux", "Linux"],
] as const;

/** Browser and system; the user agent itself where neither is known; nothing where there is none. */
export function browserName(userAgent: string | null | undefined): string | undefined {
  if (!userAgent) return undefined;
  const found = [BROWSERS, SYSTEMS].flatMap(
    (names) => names.find(([part]) => userAgent.includes(part))?.[1] ?? [],
  );
  return found.length > 0 ? found.join(", ") : userAgent;
}
