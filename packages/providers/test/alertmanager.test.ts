import { expect, test } from 'vitest'
import { alertmanager } from '../src/alertmanager.ts'
import { deliver } from './deliver.ts'

const alert = (fingerprint: string, status: string) => ({ fingerprint, status, startsAt: 't' })

test('each alert of a group is an event with its own status, and with the group around it', async () => {
  const provider = alertmanager({ credentials: 'user:pass' })
  const alerts = [alert('a', 'firing'), alert('b', 'resolved')]
  const group = provider.sign!({ payload: { receiver: 'ops', truncatedAlerts: 2, alerts } })
  const { events, got } = await deliver(provider, [group, group])
  expect(got).toEqual(['firing.ops a:t:firing', 'resolved.ops b:t:resolved'])
  expect(events[1]!.payload).toMatchObject({ truncatedAlerts: 2, alerts: [alerts[1]] })
})
