// A refusal or failure, in the reader's words, with the request's id and a way to try again.

import { Alert, Button, Code, Stack, Text } from "@mantine/core";
import type { FieldError, Problem } from "@nest-haus/api";
import { IconAlertCircle, IconRefresh } from "@tabler/icons-react";
import { common } from "../i18n/common";
import { useTexts } from "../i18n/texts";

/** Shows a problem. `onRetry`, where trying again may help. */
export function ProblemAlert({ problem, onRetry }: { problem: Problem; onRetry?: () => void }) {
  const t = useTexts(common);
  const sentence = useProblemSentence(problem);
  return (
    <Alert
      color="red"
      variant="light"
      title={t.problem.title}
      icon={<IconAlertCircle aria-hidden />}
      role="alert"
    >
      <Stack gap="xs" align="flex-start">
        <Text size="sm">{sentence}</Text>
        {problem.errors.map((error) => (
          <Text size="sm" key={error.field}>
            <Code>{error.field}</Code> {error.message}
          </Text>
        ))}
        {problem.requestId && (
          <Text size="xs" c="dimmed">
            {t.problem.request} <Code>{problem.requestId}</Code>
          </Text>
        )}
        {onRetry && (
          <Button
            size="xs"
            variant="default"
            leftSection={<IconRefresh size={14} aria-hidden />}
            onClick={onRetry}
          >
            {t.retry}
          </Button>
        )}
      </Stack>
    </Alert>
  );
}

/** What went wrong, for a reader; the server's own sentence (English) where it is the most exact. */
export function useProblemSentence(problem: Problem | null): string {
  const t = useTexts(common).problem;
  if (!problem) return "";
  switch (problem.code) {
    case "unreachable":
      return t.unreachable;
    case "forbidden":
      return t.notPermitted;
    case "too_many_requests":
      return t.busy(problem.retryAfterS ?? 1);
    case "unavailable":
      return t.unavailable;
    case "timed_out":
      return t.timedOut;
    case "conflict":
      return `${t.conflict} (${problem.message})`;
    case "not_found":
      return t.notFound;
    case "internal":
      return t.internal;
    default:
      return problem.message;
  }
}

/**
 * The message for a form's field, where a change was refused for it: for the `error` of an input.
 * `field` is its path in the request.
 */
export function useFieldError(problem: Problem | null): (field: string) => string | null {
  const t = useTexts(common).problem;
  return (field) => {
    const error = problem?.errors.find((each) => each.field === field);
    return error ? describe(error, t) : null;
  };
}

function describe(error: FieldError, t: { readonly required: string; readonly tooLong: string }) {
  if (error.code === "required") return t.required;
  if (error.code === "too_long") return `${t.tooLong}: ${error.message}`;
  return error.message;
}
