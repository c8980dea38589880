// Going from page to page without losing the view, and reading and writing what the address holds.

import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { type ReactNode, type Ref, useCallback, useMemo } from "react";
import { type Formats, makeFormats } from "../i18n/formats";
import { useLanguage } from "../i18n/language";
import { ownZone } from "../lib/zone";
import { type Fields, parseState, writeState } from "./page-state";
import { parseView, type Search, type View, withoutView, writeView } from "./view";

/** What the dashboard looks at. */
export function useView(): View {
  const search = useRawSearch();
  return useMemo(() => parseView(search, ownZone()), [search]);
}

/** Changes the view; the page's own parameters stay. */
export function useSetView(): (change: Partial<View>) => void {
  const navigate = useNavigate();
  return useCallback(
    (change) =>
      void navigate({
        to: ".",
        search: (search: Search) => ({
          ...withoutView(search),
          ...writeView({ ...parseView(search, ownZone()), ...change }),
        }),
      }),
    [navigate],
  );
}

/**
 * A page's own filters: they live in the address beside the view. `fields` must be a constant of the
 * module. Changing them makes no new entry in the history.
 */
export function usePageState<State extends object>(
  fields: Fields<State>,
): [State, (change: Partial<State>) => void] {
  const navigate = useNavigate();
  const search = useRawSearch();
  const state = useMemo(() => parseState(fields, search), [fields, search]);
  const setState = useCallback(
    (change: Partial<State>) =>
      void navigate({
        to: ".",
        replace: true,
        resetScroll: false,
        search: (before: Search) =>
          writeState(fields, before, { ...parseState(fields, before), ...change }),
      }),
    [navigate, fields],
  );
  return [state, setState];
}

/** Where a link of the dashboard goes. */
export interface Destination {
  /** A path below `/admin`, as in the list of pages: `/sessions/$id`. */
  to: string;
  /** What stands for `$id`. */
  params?: Readonly<Record<string, string>>;
  /** Parameters of the page that it goes to, and of the view where it changes that. */
  search?: Search;
}

/** A link to another page that keeps the view. It has no looks of its own: give it to `component`. */
export function PageLink({
  to,
  params,
  search,
  ref,
  ...rest
}: Destination & {
  children?: ReactNode;
  className?: string;
  onClick?: () => void;
  /** Whether the page scrolls to its top (it does, if left out). */
  resetScroll?: boolean;
  ref?: Ref<HTMLAnchorElement>;
}) {
  return (
    <Link
      ref={ref}
      to={to}
      params={params ?? {}}
      search={(before: Search) => keepView(before, search)}
      activeOptions={{ includeSearch: false, exact: to === "/" }}
      {...rest}
    />
  );
}

/** Goes to another page and keeps the view. */
export function useGoTo(): (destination: Destination) => void {
  const navigate = useNavigate();
  return useCallback(
    ({ to, params, search }) =>
      void navigate({
        to,
        params: params ?? {},
        search: (before: Search) => keepView(before, search),
      }),
    [navigate],
  );
}

/** Writes numbers and times in the language and the zone chosen. */
export function useFormats(): Formats {
  const { language } = useLanguage();
  const { tz } = useView();
  return useMemo(() => makeFormats(language, tz), [language, tz]);
}

function keepView(before: Search, search: Search | undefined): Search {
  return { ...writeView(parseView(before, ownZone())), ...search };
}

function useRawSearch(): Search {
  return useSearch({ strict: false });
}
