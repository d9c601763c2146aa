import type { RulePart } from './rule.ts'

/** The rules that `npm run test:hostile` plays: one file or folder for each. */
export const parts: readonly RulePart[] = []
