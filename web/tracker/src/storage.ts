// The two storages of a browser, where it has them and allows them. Each keeps one value of the tracker.

const KEY = "nest-haus";

/** Storage that all tabs share. */
export const shared = (): Storage => localStorage;

/** Storage of this tab. */
export const ofTab = (): Storage => sessionStorage;

/** Reads what is kept in a storage; what was written by this page where there is no storage. */
export function read<T extends object>(storage: () => Storage, unstored?: T): T | undefined {
  try {
    const value: T | null = JSON.parse(storage().getItem(KEY) ?? "null");
    return value ?? undefined;
  } catch {
    return unstored;
  }
}

/** Keeps a value in a storage, or removes what is there. A browser that refuses leaves it as it is. */
export function write(storage: () => Storage, value: object | undefined): void {
  try {
    if (value) storage().setItem(KEY, JSON.stringify(value));
    else storage().removeItem(KEY);
  } catch {
    // A full or forbidden storage.
  }
}
