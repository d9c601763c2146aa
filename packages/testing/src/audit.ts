export { audit, type AuditOptions } from './audit/audit.ts'
export { auditBadge, auditCard, gradeRule, type AuditCard } from './audit/card.ts'
export { auditHandler, type AuditHandlerOptions } from './audit/handler.ts'
export { battery, type BatteryOptions } from './audit/battery.ts'
export type { AuditCase, CaseClass, Expected, Severity } from './audit/request.ts'
export type { AuditReply, AuditRequest, WireForm } from './audit/request.ts'
export type {
  AuditFailure,
  AuditFinding,
  AuditReport,
  Grade,
  NotJudged,
  Symptom,
} from './audit/report.ts'
export type { AuditSender, Making } from './audit/sender.ts'
export type { AuditFacts } from './audit/sender.ts'
export type { ProcessLife } from './audit/audit.ts'
export type { Send } from './audit/play.ts'
export {
  remedies,
  untestedStacks,
  type Remedy,
  type RemedyId,
  type RemedyStack,
} from './audit/remedies/remedy.ts'
export { REFUSED_CONNECTION } from './audit/audit.ts'
