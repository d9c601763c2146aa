import { stringifyJson } from '@postern/core/internal'
import type { Draft, EventDraft } from '@postern/core/scheme'
import { field, member, narrowed, text } from '../common/read.ts'
import { joinedId } from './ids.ts'

/** Returns one event per alert of Alertmanager or Grafana. A group without alerts is one event. */
export function alertEvents(group: unknown): readonly EventDraft[] {
  const alerts = field(group, 'alerts')
  if (!Array.isArray(alerts) || alerts.length === 0) return [toEvent(group, group, undefined)]
  return alerts.map((alert: unknown) =>
    toEvent(alert, group, joinedId(alert, 'fingerprint', 'startsAt', 'status'), {
      ...(group as object),
      alerts: [alert],
    }),
  )
}

export function composeAlert(
  { topic = 'firing', id, payload, at = Date.now() }: Draft,
  version: string,
): { body: string } {
  const [, fingerprint, startsAt] = /^([^:]*):(.*):[^:]*$/.exec(id ?? '') ?? []
  const [status, receiver = 'webhook'] = topic.split('.')
  const alert = {
    status,
    labels: { alertname: 'InstanceDown' },
    startsAt: startsAt ?? new Date(at).toISOString(),
    endsAt: '0001-01-01T00:00:00Z',
    fingerprint: fingerprint ?? 'a1b2c3d4e5f60718',
  }
  const group = { version, status, receiver, groupKey: '{}:{}', alerts: [alert] }
  return { body: stringifyJson({ ...group, ...(payload as object) }) }
}

function toEvent(
  alert: unknown,
  group: unknown,
  id: string | undefined,
  payload: unknown = group,
): EventDraft {
  const status = text(alert, 'status') ?? text(group, 'status') ?? ''
  const receiver = member(group, 'receiver')
  if (status === '') return { id, topic: status, payload }
  return { id, ...narrowed(status, receiver), payload }
}
