import { accessFirst } from './access-first.ts'
import { addressed } from './addressed.ts'
import { credentials } from './credentials/part.ts'
import { bodiesKept } from './bodies-kept.ts'
import { bounded } from './bounded.ts'
import { chosen } from './chosen.ts'
import { derived } from './derived.ts'
import { effects } from './effects.ts'
import { inert } from './inert.ts'
import { knownTenants } from './known-tenants.ts'
import { lockedOut } from './locked-out.ts'
import { lying } from './lying/part.ts'
import { named } from './named.ts'
import { nonInterference } from './non-interference.ts'
import { possession } from './possession.ts'
import { readers } from './readers.ts'
import { renewals } from './renewals.ts'
import type { RulePart } from './rule.ts'
import { scopes } from './scopes.ts'
import { trickling } from './trickling.ts'

/** Rules of `npm test -- hostile`: one file or folder per rule. */
export const parts: readonly RulePart[] = [
  credentials,
  inert,
  possession,
  lockedOut,
  knownTenants,
  renewals,
  trickling,
  bodiesKept,
  bounded,
  nonInterference,
  readers,
  effects,
  scopes,
  lying,
  chosen,
  named,
  accessFirst,
  derived,
  addressed,
]
