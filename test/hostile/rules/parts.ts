import { credentials } from './credentials/part.ts'
import { bounded } from './bounded.ts'
import { effects } from './effects.ts'
import { inert } from './inert.ts'
import { knownTenants } from './known-tenants.ts'
import { lockedOut } from './locked-out.ts'
import { nonInterference } from './non-interference.ts'
import { possession } from './possession.ts'
import { readers } from './readers.ts'
import type { RulePart } from './rule.ts'
import { scopes } from './scopes.ts'

/** The rules that `npm run test:hostile` plays: one file or folder for each. */
export const parts: readonly RulePart[] = [
  credentials,
  inert,
  possession,
  lockedOut,
  knownTenants,
  bounded,
  nonInterference,
  readers,
  effects,
  scopes,
]
