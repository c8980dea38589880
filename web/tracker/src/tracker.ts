// The tracker as a page and its captures use it.

import {
  type Draft,
  type Interaction,
  type Kind,
  kindOf,
  type Metric,
  type Moment,
  moment,
  PATH,
  type Path,
} from "./events";
import {
  type ConsentState,
  createRecording,
  type Recording,
  type RecordingOptions,
} from "./recording";
import type { Choice } from "./visitor";

/** How a configuration is told: endpoint, trigger, kind, and whether it is not the visitor's own doing. */
type Form = readonly [path: Path, trigger?: string, kind?: Kind | undefined, isPassive?: boolean];

const FORMS: Record<Reason, Form> = {
  change: [PATH.change, "", "configurations"],
  auto: [PATH.save, "auto_save", "configurations", true],
  order: [PATH.save, "order_attempt"],
  cart: [PATH.cart],
  leave: [PATH.leave, "", undefined, true],
};

/** What `init` takes. */
export interface Options extends RecordingOptions {
  /** Whether clicks, page visits and the like are captured by themselves; true if left out. */
  capture?: boolean;
  /** Whether web vitals are measured; true if left out. */
  vitals?: boolean;
  /** A name of the page's present layout, which heat maps tell apart. */
  layoutVersion?: string;
}

/** Why a configuration is told. */
export type Reason = "change" | "auto" | "cart" | "order" | "leave";

/** The tracker as the page uses it. No method throws. */
export interface Tracker {
  /** Tells of anything that the visitor did. */
  track(interaction: Interaction): void;
  /** Tells that an option was chosen; `price` is the total that the visitor sees, in euros. */
  select(category: string, value: string, seen?: { price?: number }): void;
  /** Tells the whole configuration, `price` being its total in euros. */
  saveConfiguration(configuration: object, about?: { price?: number; reason?: Reason }): void;
  /** Tells that the visitor really sees a variant of an experiment. */
  exposure(experiment: string, variant: string): void;
  /** Hands personal data over (`name`, `email`, ...) that the visitor typed in for the maker. */
  identify(userData: Readonly<Record<string, string>>): void;
  /** Tells a measurement. */
  measure(metric: Metric): void;
  /** The visitor's choice. */
  consent: {
    /** Takes the visitor's choice. A refusal discards everything that was kept. */
    set(choice: Choice): void;
    /** What is allowed at present. */
    get(): ConsentState;
  };
  /** Sends what waits; true if nothing is left. */
  flush(): Promise<boolean>;
}

/** What a part of the page wants to be called back for. */
export interface Listener {
  /** The page is about to be hidden or left: what was summed up has to be told. */
  leave?(): void;
  /** An interaction was told. */
  track?(interaction: Interaction): void;
  /** The visitor refused: nothing is to be captured any more. */
  stop?(): void;
}

/** The tracker as captures use it. */
export interface Recorder extends Omit<Tracker, "consent" | "flush"> {
  track(interaction: Interaction, about?: Partial<Pick<Draft, "campaign" | keyof Moment>>): void;
  /** The option that was last chosen in a category. */
  chosen(category: string): string | undefined;
  /** Keeps the session alive: the visitor did something that is not told by itself. */
  touch(): void;
  /** Calls back from now on. */
  listen(listener: Listener): void;
}

/** Modules that are loaded when they are needed. */
export interface Modules {
  capture(): Promise<{
    start(recorder: Recorder, options: Options, vitals: Modules["vitals"]): void;
  }>;
  vitals(): Promise<{ start(recorder: Recorder): void }>;
}

/** Starts the tracker on this page. */
export function createTracker(options: Options, modules: Modules): Tracker {
  let listeners: Listener[] = [];
  const recording = createRecording(options, () => {
    for (const { stop } of listeners) stop?.();
    listeners = [];
  });
  const recorder = createRecorder(recording, () => listeners);
  const isDenied = () => recording.state() === "denied";
  const load = () =>
    isDenied() ||
    modules.capture().then(
      ({ start }) => isDenied() || start(recorder, options, modules.vitals),
      () => {},
    );
  const leave = (isGone: boolean) => {
    for (const listener of listeners) listener.leave?.();
    recording.leave(isGone);
  };

  document.addEventListener("visibilitychange", () => {
    if (document.hidden) leave(false);
  });
  addEventListener("pagehide", () => leave(true));
  for (const type of ["pageshow", "online"]) addEventListener(type, recording.resume);
  load();
  return {
    ...recorder,
    consent: {
      set(choice) {
        const wasDenied = isDenied();
        recording.choose(choice);
        if (wasDenied) load();
      },
      get: recording.state,
    },
    flush: recording.flush,
  };
}

function createRecorder(recording: Recording, listeners: () => Listener[]): Recorder {
  const type = deviceType();
  const chosen = new Map<string, string>();
  let priceSeen: number | undefined;

  function record(path: Path, body: object, about: Partial<Draft>): void {
    try {
      const json = JSON.stringify(body);
      recording.record({ ...moment(), path, body: json, activity: true, ...about });
    } catch {
      // What is no JSON cannot be told; the page goes on.
    }
  }

  const recorder: Recorder = {
    track(interaction, about) {
      const { eventType, interactive } = interaction;
      const kind = kindOf(eventType);
      const deviceInfo = { type, width: innerWidth, height: innerHeight };
      const body = { ...interaction, deviceInfo };
      record(PATH.interactions, body, { activity: interactive !== false, kind, ...about });
      for (const { track } of listeners()) track?.(interaction);
    },
    select(category, value, { price } = {}) {
      recorder.track({
        eventType: "selection",
        category,
        selectionValue: value,
        previousValue: chosen.get(category),
        totalPrice: price,
        // No number, where a price is not known, is sent as null.
        priceChange: Number(price) - Number(priceSeen),
      });
      chosen.set(category, value);
      priceSeen = price ?? priceSeen;
    },
    saveConfiguration(configuration, { price, reason = "change" } = {}) {
      priceSeen = price ?? priceSeen;
      const [path, trigger, kind, isPassive] = FORMS[reason];
      const name = path === PATH.leave ? "finalConfiguration" : "configuration";
      const body = { [name]: configuration, totalPrice: price, currentPrice: price ?? 0, trigger };
      record(path, body, { kind, activity: !isPassive });
    },
    exposure(experiment, variant) {
      recorder.track({
        eventType: "exposure",
        category: experiment,
        selectionValue: variant,
        interactive: false,
      });
    },
    identify: (userData) => record(PATH.userData, { userData }, {}),
    measure: (metric) => record(PATH.metrics, metric, { activity: false, kind: "performance" }),
    chosen: (category) => chosen.get(category),
    touch: recording.touch,
    listen: (listener) => void listeners().push(listener),
  };
  return recorder;
}

function deviceType(): string {
  if (!matchMedia("(pointer: coarse)").matches) return "desktop";
  return Math.min(screen.width, screen.height) < 600 ? "mobile" : "tablet";
}
