// Every page of the dashboard, one line each: navigation, routes, permissions and shortcuts follow
// from this list. Texts are in `shell-texts.ts` under `pages`.

import {
  type Icon,
  IconActivityHeartbeat,
  IconAlertTriangle,
  IconBolt,
  IconCalendarStats,
  IconChartFunnel,
  IconClick,
  IconClockPlay,
  IconFileReport,
  IconHome,
  IconKey,
  IconLayoutDashboard,
  IconListDetails,
  IconReportSearch,
  IconRoute,
  IconSettings,
  IconShieldCheck,
  IconSpeakerphone,
  IconTags,
  IconUsers,
} from "@tabler/icons-react";
import type { ComponentType } from "react";
import type { Permission } from "./session";

/** A page. */
export interface PageEntry {
  /** Where it is, below `/admin`. */
  path: string;
  /** Its name in texts. */
  key: string;
  /** What one must be allowed to open it. */
  permission: Permission | undefined;
  /** The letter after `g` that goes there; none for pages that are no destination. */
  shortcut: string | undefined;
  /** Its sign in the navigation; pages without one are not in it. */
  icon: Icon | undefined;
  /** Whether the range, zone, population and comparison of the header matter to it. */
  ranged: boolean;
  /** Loads its component, the default export of its module. */
  load: () => Promise<{ default: ComponentType }>;
}

type Line<Key extends string> = PageEntry & { key: Key };

const page = <Key extends string>(
  path: string,
  key: Key,
  permission: Permission | undefined,
  shortcut: string | undefined,
  icon: Icon | undefined,
  ranged: boolean,
  load: PageEntry["load"],
): Line<Key> => ({ path, key, permission, shortcut, icon, ranged, load });

// path, key, permission, shortcut, icon, ranged, module
const now = [
  page(
    "/",
    "overview",
    "analytics:read",
    "o",
    IconLayoutDashboard,
    true,
    () => import("../pages/overview"),
  ),
  page("/live", "live", "analytics:read", "l", IconBolt, false, () => import("../pages/live")),
  page(
    "/alerts",
    "alerts",
    "analytics:read",
    "a",
    IconAlertTriangle,
    false,
    () => import("../pages/alerts"),
  ),
];
const analysis = [
  page(
    "/sessions",
    "sessions",
    "analytics:read",
    "s",
    IconListDetails,
    true,
    () => import("../pages/sessions"),
  ),
  page(
    "/sessions/$id",
    "session",
    "analytics:read",
    undefined,
    undefined,
    false,
    () => import("../pages/session"),
  ),
  page(
    "/funnel",
    "funnel",
    "analytics:read",
    "f",
    IconChartFunnel,
    true,
    () => import("../pages/funnel"),
  ),
  page(
    "/configurations",
    "configurations",
    "analytics:read",
    "c",
    IconHome,
    true,
    () => import("../pages/configurations"),
  ),
  page(
    "/journeys",
    "journeys",
    "analytics:read",
    "j",
    IconRoute,
    true,
    () => import("../pages/journeys"),
  ),
  page(
    "/heatmap",
    "heatmap",
    "analytics:read",
    "h",
    IconClick,
    true,
    () => import("../pages/heatmap"),
  ),
  page(
    "/retention",
    "retention",
    "analytics:read",
    "r",
    IconCalendarStats,
    true,
    () => import("../pages/retention"),
  ),
  page(
    "/channels",
    "channels",
    "analytics:read",
    "n",
    IconSpeakerphone,
    true,
    () => import("../pages/channels"),
  ),
  page(
    "/reports",
    "reports",
    "analytics:read",
    "e",
    IconFileReport,
    false,
    () => import("../pages/reports"),
  ),
];
const shop = [
  page(
    "/catalogue",
    "catalogue",
    "catalog:read",
    "p",
    IconTags,
    false,
    () => import("../pages/catalogue"),
  ),
];
const system = [
  page(
    "/performance",
    "performance",
    "analytics:read",
    "m",
    IconActivityHeartbeat,
    true,
    () => import("../pages/performance"),
  ),
  page(
    "/data-quality",
    "dataQuality",
    "analytics:read",
    "d",
    IconShieldCheck,
    true,
    () => import("../pages/data-quality"),
  ),
  page("/jobs", "jobs", "analytics:read", "b", IconClockPlay, false, () => import("../pages/jobs")),
  page("/users", "users", "users:read", "u", IconUsers, false, () => import("../pages/users")),
  page(
    "/api-keys",
    "apiKeys",
    "api-keys:write",
    "k",
    IconKey,
    false,
    () => import("../pages/api-keys"),
  ),
  page(
    "/audit",
    "audit",
    "audit:read",
    "t",
    IconReportSearch,
    false,
    () => import("../pages/audit"),
  ),
  page(
    "/settings",
    "settings",
    undefined,
    "i",
    IconSettings,
    false,
    () => import("../pages/settings"),
  ),
];

const lines = [...now, ...analysis, ...shop, ...system];

/** The names of pages in texts. */
export type PageKey = (typeof lines)[number]["key"];

/** Every page. */
export const pages: readonly Line<PageKey>[] = lines;

/** Pages of one kind, in the order of the navigation. */
export interface PageGroup {
  key: "now" | "analysis" | "shop" | "system";
  pages: readonly Line<PageKey>[];
}

/** Every page by its kind. */
export const pageGroups: readonly PageGroup[] = [
  { key: "now", pages: now },
  { key: "analysis", pages: analysis },
  { key: "shop", pages: shop },
  { key: "system", pages: system },
];
