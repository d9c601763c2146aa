import type { Action } from '../api.ts'
import type { Visitor } from '../gate/gate.ts'
import { ApiProblem } from '../replies.ts'

/** True if the visitor may do it. A sample runs the handlers of the app: it needs receivers, and its name or `dev`. */
export function mayDo(visitor: Visitor, action: Action, hasReceivers: boolean): boolean {
  const { allow, isDeveloper } = visitor
  if (action === 'sample')
    return hasReceivers && (isDeveloper || (typeof allow !== 'string' && allow.includes('sample')))
  if ((action === 'rerun' || action === 'mute') && !visitor.payloads) return false
  return allow === 'all' || (allow !== 'read' && allow.includes(action))
}

/** Ends the route with 403 if the visitor may not do it. */
export function demand(visitor: Visitor, action: Action, hasReceivers: boolean): void {
  if (!mayDo(visitor, action, hasReceivers))
    throw new ApiProblem(403, 'not_allowed', `${visitor.as ?? 'you'} may not ${action} here`)
}
