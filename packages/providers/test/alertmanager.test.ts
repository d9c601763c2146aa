import { testProvider } from '@postern/testing'
import { describe, expect, test } from 'vitest'
import { alertmanagerEntry } from '../src/entries/alertmanager.ts'
import { alertmanager } from '../src/alertmanager.ts'
import { deliver } from './deliver.ts'
import { vectors } from './vectors.ts'

const sign = {
  secrets: ['am-token', 'another'],
  draft: { topic: 'resolved.ops', id: 'a1b2:2024-05-01T12:00:00Z:resolved', payload: {} },
  anyCase: true,
} as const

testProvider({ ...alertmanagerEntry, vectors: vectors('alertmanager'), sign }, { describe, test })

const alert = (fingerprint: string, status: string) => ({ fingerprint, status, startsAt: 't' })

test('each alert of a group is an event with its own status, and with the group around it', async () => {
  const provider = alertmanager({ credentials: 'user:pass' })
  const alerts = [alert('a', 'firing'), alert('b', 'resolved')]
  const group = provider.sign!({ payload: { receiver: 'ops', truncatedAlerts: 2, alerts } })
  const { events } = await deliver(provider, [group, group])
  expect(events.map(({ id, topic }) => [topic, id])).toEqual([
    ['firing.ops', 'a:t:firing'],
    ['resolved.ops', 'b:t:resolved'],
  ])
  expect(events[1]!.payload).toMatchObject({ truncatedAlerts: 2, alerts: [alerts[1]] })
})

test('one way of authentication is demanded, and no two', () => {
  expect(() => alertmanager({})).toThrow(/token is missing/)
  expect(() => alertmanager({ token: 'a', credentials: 'b:c' })).toThrow(/token and credentials/)
})
