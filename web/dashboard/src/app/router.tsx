// Routes, made from the list of pages. The address's query is read and written as plain text.

import {
  createRootRoute,
  createRoute,
  createRouter,
  lazyRouteComponent,
  Outlet,
} from "@tanstack/react-router";
import { ownZone } from "../lib/zone";
import { CrashView, NotFoundView } from "./fallbacks";
import { pages } from "./pages";
import { Shell } from "./shell";
import { parseSearch, parseView, type Search, withoutView, writeSearch, writeView } from "./view";

const root = createRootRoute({ component: Outlet, notFoundComponent: NotFoundView });

const shell = createRoute({
  getParentRoute: () => root,
  id: "shell",
  component: Shell,
  validateSearch: (search: Search): Search => ({
    ...withoutView(search),
    ...writeView(parseView(search, ownZone())),
  }),
});

const shellPages = pages.map((page) =>
  createRoute({
    getParentRoute: () => shell,
    path: page.path,
    component: lazyRouteComponent(page.load),
  }),
);

const publicPage = (path: string, load: Parameters<typeof lazyRouteComponent>[0]) =>
  createRoute({ getParentRoute: () => root, path, component: lazyRouteComponent(load) });

const publicPages = [
  publicPage("/invitation", () => import("../pages/account/invitation")),
  publicPage("/forgot-password", () => import("../pages/account/forgot-password")),
  publicPage("/reset-password", () => import("../pages/account/reset-password")),
];

/** The router of the dashboard. */
export const router = createRouter({
  routeTree: root.addChildren([shell.addChildren(shellPages), ...publicPages]),
  basepath: "/admin",
  parseSearch,
  stringifySearch: writeSearch,
  defaultPreload: "intent",
  defaultErrorComponent: CrashView,
  scrollRestoration: true,
});
