import type { Arrival, TaskDetail } from '@postern/core/inbox'
import { madeOf } from '@postern/core/scheme'
import type { Action } from '../api.ts'
import type { DetailReply } from '../api/detail.ts'
import { mayDo } from './allowed.ts'
import type { Context } from './context.ts'

/** What can be done with a delivery or task, in its state and by this visitor. */
export function actionsOf(
  { visitor, receivers }: Context,
  arrival: Arrival | undefined,
  tasks: readonly TaskDetail[],
  hasContents: boolean,
): DetailReply['actions'] {
  const may = (action: Action): boolean => mayDo(visitor, action, receivers.length > 0)
  const isAny = (...states: readonly string[]): boolean =>
    tasks.some(({ state }) => states.includes(state))
  const isReadable = visitor.payloads && hasContents
  const isErased = tasks.some(({ record }) => record.erased === true)
  const hasBytes = isReadable && (tasks.length > 0 || arrival?.kept !== undefined)
  const name = arrival?.receiver ?? tasks[0]?.receiver
  const provider = receivers.find((receiver) => receiver.name === name)?.provider
  // A test is written for a sender of the catalogue; the postern command knows none.
  const canSign =
    provider === undefined || (provider.sign !== undefined && madeOf(provider) !== undefined)
  const actions: DetailReply['actions'][number][] = []
  if (isAny('dead', 'done', 'pending') && !isErased && may('replay')) actions.push('replay')
  if (isAny('dead', 'done', 'pending') && isReadable && may('rerun')) actions.push('rerun')
  if (isAny('dead', 'pending') && may('discard')) actions.push('discard')
  if (hasBytes) actions.push('curl')
  if (hasBytes && canSign && tasks.length > 0) actions.push('test')
  if (arrival?.outcome === 'refused' && visitor.payloads) actions.push('explain')
  return actions
}
