import { crashCases } from './receiver/crash-cases.ts'
import { deliveryCases } from './receiver/delivery-cases.ts'
import { duplicateCases, restartCases, sharedCases } from './receiver/duplicate-cases.ts'
import { logCases } from './receiver/log-cases.ts'
import type { MountReceiver, ReadEffects, ReceiverSkills } from './receiver/mounting.ts'
import { receiverTest } from './receiver/scene.ts'
import { standardSecret, standardSender } from './receiver/sender.ts'
import { signatureCases, timeCases } from './receiver/signature-cases.ts'
import type { TestRunner } from './runner.ts'

/**
 * The contract of a webhook receiver, as a suite for any receiver in any language: HTTP in, effects out, restarts and
 * kills between. `mount` starts the receiver, and `effects` tells which events had their effect. Its handler writes the
 * event's id to its store, between the two steps of `createSteps`. It asserts with node:assert, so that it runs under
 * vitest, node:test and jest; a test may take some times `patience`.
 *
 * @throws TypeError for skills that exclude each other, or a sender that cannot sign.
 * @example
 * testReceiver(
 *   ({ folder, secret }) => startProgram({ args: ['server.js'], env: { FOLDER: folder, SECRET: secret } }),
 *   ({ folder }) => idsIn(join(folder, 'effects.db')),
 *   { describe, test: (name, body) => test(name, body, 60_000) },
 *   { name: 'my receiver', durable: true },
 * )
 */
export function testReceiver(
  mount: MountReceiver,
  effects: ReadEffects,
  runner: TestRunner,
  skills: ReceiverSkills,
): void {
  const { name, durable = false, exactlyOnce = false, shared = false } = skills
  if (exactlyOnce && !durable)
    throw new TypeError(
      'testReceiver: exactlyOnce needs durable: true, since a crash is what it is about',
    )
  const { makeSecret = standardSecret, sender = standardSender } = skills
  const { covers, sign } = sender(makeSecret())
  if (sign === undefined)
    throw new TypeError('testReceiver: sender must be able to sign; take one whose secret signs')
  const test = receiverTest(mount, effects, runner, skills)
  const { describe } = runner
  describe(`${name} keeps the contract of receivers`, () => {
    describe('deliveries', () => deliveryCases(test))
    describe('signatures', () => {
      signatureCases(test)
      if (covers.timestamp) timeCases(test)
    })
    describe('duplicates', () => {
      duplicateCases(test)
      if (durable) restartCases(test)
      if (shared) sharedCases(test)
    })
    if (durable) describe('crashes', () => crashCases(test, exactlyOnce))
    describe('logs', () => logCases(test))
  })
}
