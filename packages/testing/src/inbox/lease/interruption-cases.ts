import assert from 'node:assert/strict'
import type { Claim, Lane, Outcome } from '@postern/core/engine'
import type { Inbox, TaskInfo } from '@postern/core/inbox'
import { eventually, gate, item } from '../make.ts'
import { DONE_OUTCOME, lane, retryIn } from '../recorder.ts'
import type { JoinedReceiver, Scene, SceneTest } from '../scene.ts'

const NEVER = new Promise<Outcome>(() => {})
// After SUSPECT interruptions, a task is a suspect, which runs alone. After CHARGES further interruptions, the suspect
// is dead as `poison`.
const SUSPECT = 3
const CHARGES = 5
// Milliseconds in which calls of `drain` free the leases. Some inboxes need a worker for this, which starts afterwards.
const ENGINE = 300
const WIDE = lane('a', { concurrency: 10, attempts: 2 })

type Run = (claim: Claim) => Outcome | Promise<Outcome>

/** A crash counts only against the task that caused the crash, not against other running tasks. */
export function interruptionCases(test: SceneTest): void {
  test('an interruption uses no attempt, and the view shows it', async (scene) => {
    const first = await hang(scene)
    const second = await interrupt(scene, first)
    const third = await interrupt(scene, second)
    assert.equal(third.runs[0]!.claim.attempt, 1)
    const info = await only(scene)
    assert.deepEqual([info.attempt, info.interrupted], [1, 2])
  })

  test('an interrupted task waits for a moment before it runs again', async (scene) => {
    const stuck = await hang(scene)
    const before = Date.now()
    const heir = await reclaim(scene, stuck)
    await heir.untilSettled(1)
    assert.ok(Date.now() - before >= 100, 'it waited for less than 125 ms')
  })

  test('any reported outcome forgives: interruptions start again at 0', async (scene) => {
    let stuck = await hang(scene)
    stuck = await interrupt(scene, stuck)
    // `interrupt` may replay waiting tasks, which would make the retry due. So the outcome is reported only afterwards.
    const open = gate()
    const last = await interrupt(scene, stuck, ({ attempt }) =>
      attempt === 1 ? open.passed.then(() => retryIn(3_600_000)) : DONE_OUTCOME,
    )
    open.pass()
    await last.untilSettled(1)
    const info = await only(scene)
    assert.deepEqual([info.state, info.attempt, info.interrupted ?? 0], ['pending', 1, 0])
    await scene.view.replay({ state: 'pending' })
    await last.untilSettled(2)
    assert.equal(last.runs[1]!.claim.attempt, 2)
  })

  test('an outcome that comes after the lease ended is stored if nobody took the task', async (scene) => {
    const open = gate()
    const shop = scene.join({ run: () => open.passed.then(() => DONE_OUTCOME) })
    await shop.start(1, item('1'))
    await scene.handle.abandon!()
    open.pass()
    await shop.untilSettled(1)
    assert.equal(shop.settled[0]!.stored, true)
    assert.deepEqual(await shop.accept(item('1')), ['duplicate'])
  })

  test('one suspect at a time runs in a process, next to ordinary tasks', async (scene) => {
    let stuck = await hang(scene, ['1', '2'])
    for (let at = 1; at < SUSPECT; at++)
      stuck = await interrupt(
        scene,
        stuck,
        () => NEVER,
        ({ runs }) => runs.length === 2,
      )
    const open = gate()
    const last = await interrupt(scene, stuck, ({ event }) =>
      event.id === '3' ? DONE_OUTCOME : open.passed.then(() => DONE_OUTCOME),
    )
    await last.accept(item('3'))
    await last.until('the ordinary one is done', () => last.settled.length === 1)
    await scene.view.replay({ state: 'pending' })
    assert.equal(last.settled[0]!.claim.event.id, '3')
    assert.equal(last.runs.filter(({ claim }) => claim.event.id !== '3').length, 1)
    open.pass()
    await eventually('the other suspect is done', async () => {
      await makeDue(scene)
      return last.settled.length === 3
    })
    assert.deepEqual([...last.ran()].sort(), ['a:1', 'a:2', 'a:3'])
    assert.ok(last.runs.every(({ claim }) => claim.attempt === 1))
  })

  test('a task that ends its process each time is poison, and a neighbor is done', async (scene) => {
    let stuck = await hang(scene, ['1', 'healthy'])
    for (let at = 1; at < SUSPECT + CHARGES; at++)
      stuck = await interrupt(
        scene,
        stuck,
        ({ event }) => (event.id === 'healthy' && at > 1 ? DONE_OUTCOME : NEVER),
        ({ runs }) => runs.some(({ claim }) => claim.event.id === '1'),
      )
    const heir = await reclaim(scene, stuck)
    await heir.until('it is reported', () => heir.settled.length === 1)
    const { claim, outcome, stored } = heir.settled[0]!
    assert.equal(claim.event.id, '1')
    assert.equal(outcome.kind, 'dead')
    assert.equal(outcome.kind === 'dead' && outcome.error.name, 'poison')
    assert.equal(stored, true)
    assert.equal(heir.runs.length, 0)
    const all = await infos(scene)
    const dead = all.find(({ event }) => event.id === '1')!
    assert.deepEqual([dead.state, dead.error?.name], ['dead', 'poison'])
    assert.notEqual(all.find(({ event }) => event.id === 'healthy')?.state, 'dead')

    // A poison task that is replayed is a suspect again. When this task reports an outcome, it is done.
    await scene.view.replay({ state: 'dead' })
    await heir.untilSettled(2)
    assert.equal(heir.runs[0]!.claim.attempt, 1)
    assert.equal(heir.settled[1]!.outcome.kind, 'done')
  })
}

/** Attaches a receiver whose tasks never end. Waits until all of them run. */
async function hang(scene: Scene, ids: readonly string[] = ['1']): Promise<JoinedReceiver> {
  const shop = scene.join({ lanes: [{ ...WIDE }], run: () => NEVER })
  await shop.accept(...ids.map((id) => item(id)))
  await shop.until('all run', () => shop.runs.length === ids.length)
  return shop
}

/** Ends the receiver's process. Another process claims its tasks at once, until `enough` returns true. */
async function interrupt(
  scene: Scene,
  dying: JoinedReceiver,
  run: Run = () => NEVER,
  enough: (heir: JoinedReceiver) => boolean = ({ runs }) => runs.length > 0,
): Promise<JoinedReceiver> {
  // A worker looks for suspects when it starts, and then only every few seconds. So waiting tasks become due before the
  // worker starts.
  const heir = await reclaim(scene, dying, run, () => makeDue(scene))
  await eventually('the next process runs it', async () => {
    // `enough` is checked before `makeDue`, which also makes retries due.
    if (enough(heir)) return true
    await makeDue(scene)
    return enough(heir)
  })
  return heir
}

/**
 * Makes waiting tasks due now. If all tasks are due, replays nothing, because a claim skips a task that is being
 * replayed.
 */
async function makeDue(scene: Scene): Promise<void> {
  const now = Date.now()
  const waits = (await infos(scene)).some(({ state, due }) => state === 'pending' && due! > now)
  if (waits) await scene.view.replay({ state: 'pending' })
}

/**
 * Attaches a receiver of another process, and waits until that process has freed the leases of the dying process. Then
 * calls `freed`, and starts the worker of the new receiver.
 */
async function reclaim(
  scene: Scene,
  dying: JoinedReceiver,
  run: Run = () => DONE_OUTCOME,
  freed?: () => Promise<void>,
): Promise<JoinedReceiver> {
  // A dead process claims nothing, but the process of this test still runs. With a concurrency of 0, this process
  // cannot claim a freed task again.
  for (const each of dying.lanes) Object.assign(each, { concurrency: 0 } satisfies Partial<Lane>)
  await scene.handle.abandon!()
  const inbox: Inbox = await scene.handle.another!()
  const heir = scene.join({ inbox, lanes: [{ ...WIDE }], run, work: false })
  const began = Date.now()
  await eventually('its leases are freed', async () => {
    // Some inboxes free leases only while a worker runs.
    if (Date.now() - began > ENGINE) heir.work()
    else await heir.port.drain!(Date.now() + 60_000, 0)
    if (heir.runs.length > 0) return true
    return (await infos(scene)).every(({ state }) => state !== 'running')
  })
  // A suspect runs alone, so the dying receiver must leave before another suspect can run. The receiver has lost its
  // claims, so the inbox rejects the releases of its tasks.
  await dying.leave(0)
  await freed?.()
  heir.work()
  return heir
}

async function infos(scene: Scene): Promise<readonly TaskInfo[]> {
  const page = await scene.view.list()
  return page.rows
}

async function only(scene: Scene): Promise<TaskInfo> {
  const [info] = await infos(scene)
  return info!
}
