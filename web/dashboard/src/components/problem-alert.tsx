// A refusal or failure, in the reader's words, with the request's id and a way to try again.

import { Alert, Button, Code, Stack, Text } from "@mantine/core";
import { type FieldError, fieldsOf, type Problem } from "@nest-haus/api";
import { IconAlertCircle, IconRefresh } from "@tabler/icons-react";
import { common } from "../i18n/common";
import { useLanguage } from "../i18n/language";
import { useTexts } from "../i18n/texts";

/** Shows a problem. `onRetry`, where trying again may help. */
export function ProblemAlert({ problem, onRetry }: { problem: Problem; onRetry?: () => void }) {
  const t = useTexts(common);
  const sentence = useProblemSentence(problem);
  const sayField = useFieldWords();
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
            <Code>{error.field}</Code> {sayField(error)}
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

/** What went wrong, for a reader; nothing where nothing did. */
export function useProblemSentence(problem: Problem | null): string {
  const say = useProblemWords();
  return problem ? say(problem) : "";
}

/** Says what went wrong in the reader's language; in the server's words (English) where no others are known. */
export function useProblemWords(): (problem: Problem) => string {
  const t = useTexts(common).problem;
  const { language } = useLanguage();
  return ({ code, message, status, retryAfterS, conflict }) => {
    const sentences: Readonly<Record<string, string>> = t.sentences;
    const conflicts: Readonly<Record<string, string>> = t.conflicts;
    if (code === "too_many_requests") return t.busy(retryAfterS ?? 1);
    if (code === "conflict") {
      const known = Object.keys(fieldsOf(conflict)).flatMap((field) => conflicts[field] ?? []);
      const rest = language === "en" ? `${t.sentences.conflict} (${message})` : undefined;
      return known[0] ?? rest ?? t.sentences.conflict;
    }
    if (code.startsWith("http_")) return t.status(status);
    return sentences[code] ?? message;
  };
}

/**
 * The message for a form's field, where a change was refused for it: for the `error` of an input.
 * `field` is its path in the request.
 */
export function useFieldError(problem: Problem | null): (field: string) => string | null {
  const say = useFieldWords();
  return (field) => {
    const error = problem?.errors.find((each) => each.field === field);
    return error ? say(error) : null;
  };
}

/** What is wrong with a field: in English as the server says it, otherwise by its code, with what only the server knows. */
function useFieldWords(): (error: FieldError) => string {
  const t = useTexts(common).problem;
  const { language } = useLanguage();
  return ({ code, message }) => {
    if (code === "required") return t.fields.required;
    if (language === "en") return message;
    const whole: Readonly<Record<string, string>> = t.fields;
    const begun: Readonly<Record<string, string>> = t.limits;
    return whole[code] ?? (begun[code] ? `${begun[code]}: ${message}` : message);
  };
}
