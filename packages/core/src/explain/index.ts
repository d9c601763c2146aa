export { bodyDiff, type BodyDiff } from './difference.ts'
export { explain } from './explain.ts'
export { explainedCodes } from '../receive/explainer.ts'
export type {
  FindingCause,
  Certainty,
  Explanation,
  ExplainOptions,
  Finding,
  RepairedRequest,
} from './finding.ts'
export { fingerprint } from './secret/secrets.ts'
