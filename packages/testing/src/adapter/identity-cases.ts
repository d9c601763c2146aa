import assert from 'node:assert/strict'
import { acme } from '../acme.ts'
import type { TestRunner } from '../runner.ts'
import { send } from './client.ts'
import { assertProblem, type Mount, onStage, signedDelivery } from './scene.ts'
import { SECRETS } from './stage.ts'

/** Which deliveries are the same event, and whose event it is. */
export function identityCases(mount: Mount, { test }: TestRunner): void {
  test('an event that comes again gets 200 and runs nothing', () =>
    onStage(mount, 'plain', async ({ url, control }) => {
      for (let time = 0; time < 3; time++) {
        assert.equal((await send(signedDelivery(url, { id: 'same' }))).status, 200)
        await control('settled', 1)
      }
      assert.equal((await send(signedDelivery(url, { id: 'other' }))).status, 200)
      const { runs, duplicates } = await control('settled', 2)
      assert.deepEqual(
        runs.map(({ id }) => id),
        ['same', 'other'],
      )
      assert.equal(duplicates, 2)
    }))

  test('a thousand deliveries of one event at once run its handler once', () =>
    onStage(mount, 'plain', async ({ url, control }) => {
      const delivery = signedDelivery(url, { id: 'crowded' })
      const answers = await Promise.all(Array.from({ length: 1000 }, () => send(delivery)))
      assert.deepEqual([...new Set(answers.map(({ status }) => status))], [200])
      const { runs, duplicates } = await control('settled', 1)
      assert.equal(runs.length, 1)
      assert.equal(duplicates, 999)
    }))

  test('a redelivery of an event whose handler failed runs it again', () =>
    onStage(mount, 'failing', async ({ url, control }) => {
      assert.equal((await send(signedDelivery(url, { id: 'unlucky' }))).status, 200)
      assert.equal((await control('settled', 1)).runs.length, 1)
      assert.equal((await send(signedDelivery(url, { id: 'unlucky' }))).status, 200)
      assert.equal((await control('settled', 2)).runs.length, 2)
    }))

  test('the context of a request picks its secret and stays with its event', () =>
    onStage(mount, 'tenants', async ({ url, control }) => {
      for (const tenant of ['a', 'b'] as const) {
        const delivery = acme({ secret: SECRETS[tenant] }).sign!({
          id: 'shared',
          payload: {},
          url,
          headers: { 'x-tenant': tenant },
        })
        assert.equal((await send(delivery)).status, 200)
        const foreign = { ...delivery.headers, 'x-tenant': tenant === 'a' ? 'b' : 'a' }
        assertProblem(await send({ ...delivery, headers: foreign }), 401, 'signature_mismatch')
      }
      assertProblem(await send(signedDelivery(url)), 401, 'unknown_sender')
      const { runs } = await control('settled', 2)
      assert.deepEqual(
        runs.map(({ scope, context }) => JSON.stringify([scope, context])).toSorted(),
        ['["a",{"tenant":"a"}]', '["b",{"tenant":"b"}]'],
      )
    }))
}
