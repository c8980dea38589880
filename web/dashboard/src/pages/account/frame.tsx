// The frame of pages that one sees without being signed in.

import { Button, Center, Container, Group, Paper, Stack, Text, Title } from "@mantine/core";
import type { ReactNode } from "react";
import { Logo } from "../../app/logo";
import { useFocusOnArrival } from "../../components/arrival";
import { useLanguage } from "../../i18n/language";
import { useTexts } from "../../i18n/texts";
import { texts } from "./texts";

/** A card with a title in the middle of the screen. */
export function AccountFrame(props: { title: string; hint?: string; children: ReactNode }) {
  const t = useTexts(texts);
  const { language, setLanguage } = useLanguage();
  const heading = useFocusOnArrival();
  const other = language === "de" ? "en" : "de";
  return (
    <Center mih="100dvh" p="md" component="main">
      <title>{`${props.title} · NEST-Haus`}</title>
      <Container size={400} w="100%" p={0}>
        <Group justify="space-between" mb="md">
          <Logo />
          <Button
            variant="subtle"
            size="compact-sm"
            lang={other}
            onClick={() => setLanguage(other)}
          >
            {t.language}
          </Button>
        </Group>
        <Paper withBorder p="lg" bg="var(--nest-surface)">
          <Stack>
            <div>
              <Title order={1} size="h3" ref={heading} tabIndex={-1} style={{ outline: "none" }}>
                {props.title}
              </Title>
              {props.hint && (
                <Text size="sm" c="dimmed">
                  {props.hint}
                </Text>
              )}
            </div>
            {props.children}
          </Stack>
        </Paper>
      </Container>
    </Center>
  );
}
