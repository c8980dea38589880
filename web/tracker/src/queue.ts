// The queue: events stay in IndexedDB until the server said what became of them, so that neither a
// reload nor a crash nor days offline lose any.

import type { QueuedEvent } from "./events";

/** More events are not kept: the least important goes first. */
export const QUEUED_MAX = 1000;

/** How many events are read at a time. */
export const READ_MAX = 200;

const DATABASE = "nest-haus";
const EVENTS = "events";

/** Events in a database. Every method rejects where the database fails. */
export interface Queue {
  /** Keeps events; gives the least important up where they are too many. */
  add(events: readonly QueuedEvent[]): Promise<unknown>;
  /** The events that wait longest. */
  oldest(): Promise<readonly QueuedEvent[] | undefined>;
  /** Takes events out. */
  remove(events: readonly QueuedEvent[]): Promise<unknown>;
}

/** Opens this browser's database, until somebody deletes it; rejects where there is none. */
export function openDatabase(): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open(DATABASE, 1);
    request.onupgradeneeded = () => {
      const events = request.result.createObjectStore(EVENTS, { keyPath: "eventId" });
      events.createIndex(EVENTS, ["priority", "eventId"]);
    };
    request.onsuccess = () => {
      const database = request.result;
      database.onversionchange = () => database.close();
      resolve(database);
    };
    request.onerror = reject;
  });
}

/** Removes everything that this browser keeps of the queue, in use or not. */
export function deleteDatabase(): void {
  try {
    indexedDB.deleteDatabase(DATABASE);
  } catch {
    // Without IndexedDB there is nothing to remove.
  }
}

/** The queue in a database; calls back with the events that were given up. */
export function createQueue(
  database: Promise<IDBDatabase>,
  onOverflow: (events: readonly QueuedEvent[]) => void,
): Queue {
  /** Does something in one transaction; the result of its request when all is durable. */
  async function change<T>(
    action: (events: IDBObjectStore) => IDBRequest<T> | undefined,
  ): Promise<T | undefined> {
    const transaction = (await database).transaction(EVENTS, "readwrite");
    const request = action(transaction.objectStore(EVENTS));
    return new Promise((resolve, reject) => {
      transaction.oncomplete = () => resolve(request?.result);
      transaction.onabort = reject;
    });
  }

  function makeRoom(excess: number, events: IDBObjectStore): void {
    if (excess <= 0) return;
    const least: IDBRequest<QueuedEvent[]> = events.index(EVENTS).getAll(undefined, excess);
    least.onsuccess = () => {
      take(least.result, events);
      onOverflow(least.result);
    };
  }

  return {
    add: (added) =>
      change((events) => {
        for (const event of added) events.put(event);
        const counting = events.count();
        counting.onsuccess = () => makeRoom(counting.result - QUEUED_MAX, events);
        return counting;
      }),
    oldest: () => change((events): IDBRequest<QueuedEvent[]> => events.getAll(undefined, READ_MAX)),
    remove: (removed) => change((events) => take(removed, events)),
  };
}

function take(removed: readonly QueuedEvent[], events: IDBObjectStore): undefined {
  for (const { eventId } of removed) events.delete(eventId);
}
