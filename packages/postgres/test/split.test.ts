import { expect, test } from 'vitest'
import { intake, record } from './consumer.ts'
import { withPostgres } from './postgres.ts'

withPostgres('outcomes that PostgreSQL rejects', (postgres) => {
  test('hold up no others: the one task is dead with the reason', async () => {
    const { pool, schema, open } = postgres()
    const name = schema()
    const inbox = open({ schema: name })
    const gate = Promise.withResolvers<void>()
    const shop = record({ run: () => gate.promise.then(() => ({ kind: 'done' })) })
    const port = inbox.attach(shop.consumer)
    await port.accept(intake('first'), {})
    const [bad] = (await inbox.view!.list()).rows!
    await pool.query(`CREATE FUNCTION ${name}.reject() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN
        IF NEW.id = ${bad!.id} AND NEW.state = 2 THEN RAISE EXCEPTION 'this one is rejected'; END IF;
        RETURN NEW;
      END $$;
      CREATE TRIGGER reject BEFORE UPDATE ON ${name}.postern_tasks FOR EACH ROW EXECUTE FUNCTION ${name}.reject()`)
    for (let at = 0; at < 9; at++) await port.accept(intake(`e${at}`), {})
    port.work!()
    await shop.until(() => shop.runs.length === 10)
    gate.resolve()
    await shop.until(() => shop.settled.length === 10)
    expect((await inbox.view!.list({ state: 'done' })).rows).toHaveLength(9)
    const { rows } = await inbox.view!.list({ state: 'dead' })
    expect(rows).toMatchObject([
      {
        event: { id: 'first' },
        error: { message: expect.stringContaining('this one is rejected') },
      },
    ])
    expect(shop.settled.find(({ claim }) => claim.event.id === 'first')).toMatchObject({
      stored: true,
      outcome: { kind: 'dead' },
    })
  })

  test('are not those of runs that took longer than its column can say', async () => {
    const { open } = postgres()
    const inbox = open()
    let clock = 0
    let tries = 0
    const shop = record({
      run() {
        clock += 60 * 60_000
        return tries++ === 0
          ? { kind: 'retry', at: Date.now(), error: { name: 'Error', message: 'too slow' } }
          : { kind: 'done' }
      },
    })
    const port = inbox.attach({ ...shop.consumer, monotonic: () => clock })
    port.work!()
    await port.accept(intake('retried'), {})
    await shop.until(() => shop.settled.length === 2)
    await port.accept(intake('plain'), {})
    await shop.until(() => shop.settled.length === 3)
    expect(shop.warnings).toEqual([])
    expect(shop.settled.map(({ outcome, stored }) => [outcome.kind, stored])).toEqual([
      ['retry', true],
      ['done', true],
      ['done', true],
    ])
  })
})
