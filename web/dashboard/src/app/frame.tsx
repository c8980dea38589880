// What surrounds every page for whoever is signed in: navigation, header, skip link, shortcuts.

import "./frame-styles";
import { AppShell, Burger, Group, NavLink, Text, UnstyledButton } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { useNotifications } from "@mantine/notifications";
import { Outlet, useMatches, useRouterState } from "@tanstack/react-router";
import { lazy, Suspense, useEffect } from "react";
import { useTexts } from "../i18n/texts";
import { AccountMenu } from "./account-menu";
import { NotPermittedView } from "./fallbacks";
import classes from "./frame.module.css";
import { Logo } from "./logo";
import { PageLink } from "./navigation";
import { type PageGroup, pageGroups, pages } from "./pages";
import { useMay, useMe } from "./session";
import { shellTexts } from "./shell-texts";
import { useShortcuts } from "./shortcuts";
import { useEver } from "./use-ever";
import { ViewControls } from "./view-controls";
import { Waiting } from "./waiting";

const Notifications = lazy(() => import("./notifications"));
const ShortcutHelp = lazy(() => import("./shortcut-help"));

/** The frame, with the page that the address names. */
export default function Frame() {
  const t = useTexts(shellTexts);
  const [opened, { toggle, close }] = useDisclosure();
  const [help, { open: openHelp, close: closeHelp }] = useDisclosure();
  const helpWanted = useEver(help);
  const notificationsWanted = useEver(useNotifications().notifications.length > 0);
  useShortcuts(openHelp);
  const page = useCurrentPage();
  const path = useRouterState({ select: (state) => state.location.pathname });
  // biome-ignore lint/correctness/useExhaustiveDependencies: another path closes the menu
  useEffect(close, [path]);
  return (
    <AppShell
      header={{ height: 56 }}
      navbar={{ width: 232, breakpoint: "md", collapsed: { mobile: !opened } }}
      padding={{ base: "sm", sm: "lg" }}
    >
      <a href="#main" className={classes.skip}>
        {t.skip}
      </a>
      <AppShell.Header px="md">
        <Group h="100%" justify="space-between" wrap="nowrap" gap="xs">
          <Group gap="xs" wrap="nowrap">
            <Burger
              opened={opened}
              onClick={toggle}
              hiddenFrom="md"
              size="sm"
              aria-label={t.openNavigation}
              aria-expanded={opened}
              aria-controls="navigation"
            />
            <UnstyledButton component={PageLink} to="/" aria-label={`NEST-Haus: ${t.backHome}`}>
              <Logo />
            </UnstyledButton>
          </Group>
          <Group gap="xs" wrap="nowrap">
            {page?.ranged && <ViewControls />}
            <AccountMenu openHelp={openHelp} />
          </Group>
        </Group>
      </AppShell.Header>
      <AppShell.Navbar id="navigation" aria-label={t.navigation}>
        <AppShell.Section grow px="xs" pb="xs" className={classes.pages ?? ""}>
          {pageGroups.map((group) => (
            <NavigationGroup key={group.key} group={group} />
          ))}
        </AppShell.Section>
      </AppShell.Navbar>
      <AppShell.Main id="main" tabIndex={-1} className={classes.main ?? ""}>
        <Suspense fallback={<Waiting />}>
          <PermittedPage />
        </Suspense>
      </AppShell.Main>
      <Suspense fallback={null}>
        {helpWanted && <ShortcutHelp opened={help} onClose={closeHelp} />}
        {notificationsWanted && <Notifications />}
      </Suspense>
    </AppShell>
  );
}

function NavigationGroup({ group }: { group: PageGroup }) {
  const t = useTexts(shellTexts);
  const { data: me } = useMe();
  const current = useCurrentPage();
  const offered = group.pages.filter(
    ({ icon, permission }) => icon && (!permission || me?.permissions.includes(permission)),
  );
  if (offered.length === 0) return null;
  return (
    <section aria-label={t.groups[group.key]}>
      <Text size="xs" c="dimmed" fw={600} px="sm" pt="xs" pb={2}>
        {t.groups[group.key]}
      </Text>
      {offered.map(({ path, key, icon: Icon }) => (
        <NavLink
          key={key}
          component={PageLink}
          to={path}
          label={t.pages[key]}
          leftSection={Icon && <Icon size={18} stroke={1.6} aria-hidden />}
          active={current?.key === key || (current?.key === "session" && key === "sessions")}
          className={classes.link ?? ""}
        />
      ))}
    </section>
  );
}

function PermittedPage() {
  const may = useMay(useCurrentPage()?.permission);
  return may ? <Outlet /> : <NotPermittedView />;
}

function useCurrentPage() {
  const matches = useMatches();
  const pattern = matches.at(-1)?.fullPath;
  return pages.find(({ path }) => path === pattern);
}
