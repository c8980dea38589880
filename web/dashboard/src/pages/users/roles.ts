// Which roles there are, and who gives and changes which.

import type { Schema } from "@nest-haus/api";
import { useMe } from "../../app/session";
import { oneOf } from "../../app/view";

/** A role. */
export type Role = Schema<"Role">;

/** Every role, the mightiest first. */
export const ROLES: readonly Role[] = ["owner", "admin", "analyst", "sales", "viewer"];

/** The role of a name, where there is one. */
export function roleOf(name: string | null): Role | undefined {
  return oneOf(ROLES, name ?? undefined);
}

/** The roles that whoever is signed in may give and take away: nobody lifts anybody to their own height. */
export function useManagedRoles(): readonly Role[] {
  const { data: me } = useMe();
  if (!me?.permissions.includes("users:write")) return [];
  return me.role === "owner" ? ROLES : ROLES.filter((role) => role !== "owner" && role !== "admin");
}
