// Reading kept reports: the list, one report, the rows of a section, files.

import { fieldsOf, type Problem } from "@nest-haus/api";
import { useQuery } from "@tanstack/react-query";
import { api } from "../../api/client";
import { type PagesQuery, useReadPages } from "../../api/pages";
import { readCsv } from "../../lib/csv";

/** What a kept report is about. */
export const KINDS = [
  "daily-summary",
  "weekly-customer-behaviour",
  "monthly-revenue-conversion",
] as const;

/** A kind of kept reports. */
export type Kind = (typeof KINDS)[number];

const LIST = "/api/admin/reports";
const CONTENT = "/api/admin/reports/content";

/** The kept reports of a kind, or of all; page after page. */
export function useReports(kind: Kind | undefined): PagesQuery<typeof LIST> {
  return useReadPages(LIST, kind ? { kind } : {}, ({ nextCursor: cursor }) =>
    cursor ? { cursor } : undefined,
  );
}

/** A kept report as it is. */
export function useReport(id: string) {
  return useQuery<Readonly<Record<string, unknown>>, Problem>({
    queryKey: [CONTENT, id],
    queryFn: async ({ signal }) => {
      const { data } = await api.GET(CONTENT, { params: { query: { id } }, signal });
      return fieldsOf(data);
    },
    staleTime: Number.POSITIVE_INFINITY,
  });
}

/** The rows of a section: the head first. */
export function useSection(id: string, section: string | undefined) {
  return useQuery<string[][], Problem>({
    queryKey: [CONTENT, id, section],
    queryFn: async ({ signal }) => {
      const query = { id, format: "csv" as const, ...(section ? { section } : {}) };
      const { data } = await api.GET(CONTENT, { params: { query }, parseAs: "text", signal });
      return readCsv(typeof data === "string" ? data : "");
    },
    enabled: section !== undefined,
    staleTime: Number.POSITIVE_INFINITY,
  });
}

/** A report's headlines or one section as a file. Throws a `Problem`. */
export async function reportFile(query: {
  id: string;
  format: "csv" | "xlsx";
  section?: string;
}): Promise<Blob> {
  const { data } = await api.GET(CONTENT, { params: { query }, parseAs: "blob" });
  if (data instanceof Blob) return data;
  throw new Error("the answer is no file");
}
