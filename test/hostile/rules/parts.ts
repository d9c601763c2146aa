import { credentials } from './credentials/part.ts'
import { bounded } from './bounded.ts'
import { effects } from './effects.ts'
import { inert } from './inert.ts'
import { lockedOut } from './locked-out.ts'
import { nonInterference } from './non-interference.ts'
import { possession } from './possession.ts'
import { readers } from './readers.ts'
import type { RulePart } from './rule.ts'

/** The rules that `npm run test:hostile` plays: one file or folder for each. */
export const parts: readonly RulePart[] = [
  credentials,
  inert,
  possession,
  lockedOut,
  bounded,
  nonInterference,
  readers,
  effects,
]
