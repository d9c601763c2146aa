import { expect, test } from 'vitest'
import { postgresMigration, type PostgresInboxOptions } from '../src/index.ts'
import { intake, record } from './consumer.ts'
import { withPostgres } from './postgres.ts'

withPostgres('tables that postgresInbox trusts', (postgres) => {
  /** Creates a schema in which two roles may create tables. */
  async function scene() {
    const { pool, schema, urlOf, open } = postgres()
    const [name, app, other] = [schema(), schema(), schema()]
    await pool.query(
      `CREATE ROLE ${app} LOGIN; CREATE ROLE ${other} LOGIN; CREATE SCHEMA ${name}; GRANT ALL ON SCHEMA ${name} TO ${app}, ${other}`,
    )
    const as = async (role: string, sql: string): Promise<void> => {
      const client = await pool.connect()
      await client.query(`SET ROLE ${role}`)
      await client.query(sql)
      await client.query('RESET ROLE')
      client.release()
    }
    const start = async (options: Partial<PostgresInboxOptions> = {}): Promise<unknown> => {
      const inbox = open({ connectionString: urlOf(app), schema: name, ...options })
      return inbox.attach(record().consumer).accept(intake(schema()), {})
    }
    const grant = `GRANT ALL ON ALL TABLES IN SCHEMA ${name} TO ${app}; GRANT ALL ON ALL SEQUENCES IN SCHEMA ${name} TO ${app}`
    return { name, app, other, as, start, grant, pool }
  }

  test('those of another role are rejected, until tableOwner names it or the app is its member', async () => {
    const { name, app, other, as, start, grant, pool } = await scene()
    await as(other, `${postgresMigration({ schema: name })}; ${grant}`)
    await expect(start()).rejects.toThrow(
      new RegExp(
        `belongs to the role ${other}.*GRANT ${other} TO ${app}, or set tableOwner: '${other}'`,
      ),
    )
    await expect(start({ tableOwner: app })).rejects.toThrow(/tableOwner must be the owner/)
    expect(await start({ tableOwner: other })).toEqual(['new'])
    await pool.query(`GRANT ${other} TO ${app}`)
    expect(await start()).toEqual(['new'])
  })

  test('a superuser is a member of no role that it was not granted', async () => {
    const { name, app, other, as, start, grant, pool } = await scene()
    await as(other, `${postgresMigration({ schema: name })}; ${grant}`)
    await pool.query(`ALTER ROLE ${app} SUPERUSER`)
    await expect(start()).rejects.toThrow(/tableOwner/)
  })

  test.each([
    ['a view', 'CREATE VIEW', /belongs to the role|is not a table/],
    ['a table', 'CREATE TABLE', /belongs to the role/],
  ])('%s that lies under one of the names is rejected before it is read', async (_, make, says) => {
    const { name, other, as, start, pool } = await scene()
    await pool.query('CREATE TABLE IF NOT EXISTS public.read_by (who text)')
    await pool.query('GRANT ALL ON public.read_by TO public')
    await as(
      other,
      `CREATE FUNCTION ${name}.steal() RETURNS int LANGUAGE sql AS 'INSERT INTO public.read_by VALUES (current_user) RETURNING 1';
       ${make} ${name}.postern_schema AS SELECT 1 AS version, 1 AS oldest${make === 'CREATE VIEW' ? `, ${name}.steal()` : ''};
       GRANT ALL ON ${name}.postern_schema TO public`,
    )
    await expect(start()).rejects.toThrow(says)
    expect((await pool.query('SELECT * FROM public.read_by')).rows).toEqual([])
  })

  test('a trigger whose function belongs to another role, a rule, and row-level security are rejected', async () => {
    const { name, app, other, as, start, pool } = await scene()
    expect(await start()).toEqual(['new'])
    await as(app, `GRANT TRIGGER ON ${name}.postern_events TO ${other}`)
    const trigger = (owner: string) => `
      CREATE FUNCTION ${name}.of_${owner}() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
      CREATE TRIGGER watched BEFORE INSERT ON ${name}.postern_events EXECUTE FUNCTION ${name}.of_${owner}()`
    await as(other, trigger(other))
    await expect(start()).rejects.toThrow(/postern_events has the trigger watched, whose function/)
    await pool.query(`DROP TRIGGER watched ON ${name}.postern_events`)
    await as(app, trigger(app))
    expect(await start()).toEqual(['new'])
    await as(app, `CREATE RULE quiet AS ON DELETE TO ${name}.postern_tasks DO ALSO NOTHING`)
    await expect(start()).rejects.toThrow(/postern_tasks has the rule quiet/)
    await as(app, `DROP RULE quiet ON ${name}.postern_tasks`)
    await as(
      app,
      `ALTER TABLE ${name}.postern_tasks ENABLE ROW LEVEL SECURITY; ALTER TABLE ${name}.postern_tasks FORCE ROW LEVEL SECURITY`,
    )
    await expect(start()).rejects.toThrow(/row-level security of .*postern_tasks may hide rows/)
  })

  test('functions of another schema never go before those of PostgreSQL', async () => {
    const { name, app, other, as, start, pool } = await scene()
    await as(
      other,
      `CREATE FUNCTION ${name}.pg_notify(text, text) RETURNS void LANGUAGE plpgsql AS 'BEGIN RAISE EXCEPTION ''stolen''; END'`,
    )
    await pool.query(`ALTER ROLE ${app} SET search_path = ${name}, pg_catalog`)
    await expect(start()).rejects.toThrow(/search_path is .* SET search_path = pg_catalog/)
    await pool.query(`ALTER ROLE ${app} SET search_path = ${name}`)
    expect(await start()).toEqual(['new'])
  })

  test('the right to make tables in the schema is enough, and a missing one is named', async () => {
    const { name, app, start, pool } = await scene()
    await pool.query(`REVOKE ALL ON SCHEMA ${name} FROM ${app}`)
    await expect(start()).rejects.toThrow(/grant it USAGE and CREATE on the schema/)
    await pool.query(`GRANT USAGE, CREATE ON SCHEMA ${name} TO ${app}`)
    expect(await start()).toEqual(['new'])
    await expect(start({ schema: `${name}_2` })).rejects.toThrow(/make the schema first/)
  })

  test('text is compared as it was given', async () => {
    const { open } = postgres()
    const inbox = open()
    const port = inbox.attach(record().consumer)
    const ids = ['a\0b', 'a\ud800b', 'a\udfffb', 'a\ufffdb']
    for (const id of ids) await port.accept(intake(id), {})
    for (const eventId of ids) {
      const { rows } = await inbox.view!.list({ eventId })
      const found = await Promise.all(rows.map(async ({ id }) => inbox.view!.get(id)))
      expect(found.map((one) => one!.record.id)).toEqual([eventId])
    }
    for (const text of ['\0', '\ud800'])
      for (const call of [() => inbox.records!.set(text, 1, 0), () => inbox.records!.get(text)])
        await expect((async () => call())()).rejects.toThrow(/records: .* without U\+0000/)
  })
})
