import { createPool, type Pool } from 'mysql2'
import { createPool as createPromised, type RowDataPacket } from 'mysql2/promise'
import { expect, onTestFinished, test } from 'vitest'
import { migrate, mysqlInbox, mysqlMigration, type MysqlInboxOptions } from '../src/index.ts'
import { withMariadb } from './mariadb.ts'
import { listen, signed } from '../../postgres/test/receiver.ts'

test.each([
  [{}, 'give either connectionString or pool'],
  [{ connectionString: 'postgres://host/app' }, 'connectionString must be like mysql://'],
  [{ pool: {} }, 'pool must be a pool of mysql2'],
  [{ connectionString: 'mysql://host/app', database: 'a-b' }, 'database must be a name'],
  [{ connectionString: 'mysql://host/app', migrate: 'no' }, 'migrate must be true or false'],
  [{ connectionString: 'mysql://host/app', schema: 'x' }, 'schema'],
] as const)('an option that is wrong is named: %o', (options, message) => {
  expect(() => mysqlInbox(options as unknown as MysqlInboxOptions)).toThrow(message)
})

withMariadb('what mysqlInbox asks of its server', (mariadb) => {
  test.each([
    ['sql_mode', "''", 'sql_mode of the pool is empty'],
    ['autocommit', '0', 'autocommit of the pool is off'],
  ])('a pool whose %s would spoil what is written', async (name, value, message) => {
    const { service, database, open } = mariadb()
    const pool = poolOf(service.url, await database())
    pool.on('connection', (connection) => {
      connection.query(`SET SESSION ${name} = ${value}`)
    })
    const inbox = open({ pool })
    await expect(inbox.view!.stats()).rejects.toThrow(message)
  })

  test.each([
    ['10.5.29-MariaDB', false],
    ['5.5.5-10.5.29-MariaDB-log', false],
    ['5.5.68-MariaDB', false],
    ['5.7.44-log', false],
    ['10.6.0-MariaDB', true],
    ['5.5.5-10.11.6-MariaDB-1:10.11.6+maria~deb12', true],
    ['8.0.11', true],
    ['9.4.0-commercial', true],
  ])('a server of version %s: accepted is %s', async (version, accepted) => {
    const { service, database, open } = mariadb()
    const pool = poolOf(service.url, await database())
    pool.on('connection', (connection) => {
      const query: (options: { readonly sql: string }, done: unknown) => unknown =
        connection.query.bind(connection) as never
      Object.assign(connection, {
        query: (options: { readonly sql: string }, done: unknown) =>
          query({ ...options, sql: options.sql.replace('VERSION()', `'${version}'`) }, done),
      })
    })
    const inbox = open({ pool })
    const opened = inbox.view!.stats()
    await (accepted
      ? expect(opened).resolves.toEqual([])
      : expect(opened).rejects.toThrow(
          `the server must be MariaDB 10.6, MySQL 8.0 or newer, got ${version}; upgrade it`,
        ))
  })

  test.each([
    ['innodb_flush_log_at_trx_commit', 2, 'SET GLOBAL innodb_flush_log_at_trx_commit = 1'],
    ['max_allowed_packet', 1_048_576, 'SET GLOBAL max_allowed_packet = 67108864'],
  ])(
    'a server whose %s is too weak: the statement that mends it is told',
    async (name, value, remedy) => {
      const { rows, database, open } = mariadb()
      const made = await database()
      const [before] = await rows(`SELECT @@GLOBAL.${name} AS value`)
      await rows(`SET GLOBAL ${name} = ${value}`)
      try {
        const inbox = open({ database: made })
        await expect(inbox.view!.stats()).rejects.toThrow(remedy)
      } finally {
        await rows(`SET GLOBAL ${name} = ${before!['value']}`)
      }
    },
  )

  test.each([
    ['ENGINE=MyISAM', 'must be a table of InnoDB, got MyISAM'],
    ['', 'has the trigger intruder'],
  ])('tables that are not those of the inbox: %s', async (engine, message) => {
    const { rows, database, open } = mariadb()
    const made = await database()
    await rows(`CREATE TABLE ${made}.postern_events (id int) ${engine}`)
    if (engine === '')
      await rows(
        `CREATE TRIGGER ${made}.intruder BEFORE INSERT ON ${made}.postern_events FOR EACH ROW SET NEW.id = 1`,
      )
    const inbox = open({ database: made })
    await expect(inbox.view!.stats()).rejects.toThrow(message)
  })

  test('a pool of the app keeps its isolation, its flags and its charset, and texts are bytes in it', async () => {
    const { service, database, open } = mariadb()
    const pool = createPromised({
      uri: service.url,
      database: await database(),
      charset: 'latin1',
      supportBigNumbers: true,
      bigNumberStrings: true,
      decimalNumbers: true,
      rowsAsArray: false,
      namedPlaceholders: true,
    })
    onTestFinished(() => pool.end())
    const inbox = open({ pool, pollInterval: 20 })
    const { receiver, until } = listen(inbox)
    receiver.on('thing.*', { name: 'all', orderingKey: () => 'key' }, () => {})
    const ids = ['evt_A', 'evt_a', 'evt_a ', 'h\u00e4', 'ha\u0308', '\u{1f600}', 'it\'s \\ "']
    for (const id of ids) expect((await receiver.receive(signed(id))).status).toBe(200)
    await until((heard) => ids.every((id) => heard.includes(`done ${id}`)))
    const { rows } = await inbox.view!.list({ limit: 100 })
    expect(new Set(rows.map(({ event }) => event.id))).toEqual(new Set(ids))
    const [session] = await pool.query<RowDataPacket[]>(
      'SELECT @@transaction_isolation AS level, @@character_set_client AS charset',
    )
    expect(session[0]).toEqual({ level: 'REPEATABLE-READ', charset: 'latin1' })
  })

  test('tables that are missing, without migrate: what mysqlMigration prints makes them, and may run twice', async () => {
    const { rows, database, open } = mariadb()
    const made = await database()
    const options = { database: made, migrate: false }
    await expect(open(options).view!.stats()).rejects.toThrow('mysqlMigration(')
    for (let time = 0; time < 2; time++) await rows(mysqlMigration({ database: made }))
    expect(await open(options).view!.stats()).toEqual([])
  })

  test('a migration that was cut off anywhere is done again, and six at once make the tables once', async () => {
    const { service, rows } = mariadb()
    const statements = mysqlMigration().split(';\n').slice(0, -1)
    for (const cut of [1, 3, 8, statements.length - 1]) {
      const made = await mariadb().database()
      for (const one of mysqlMigration({ database: made }).split(';\n').slice(0, cut))
        await rows(one)
      const all = Array.from({ length: 6 }, () =>
        migrate({ connectionString: service.url, database: made }),
      )
      const versions = (await Promise.all(all)).map(({ from }) => from.version)
      expect(versions.filter((version) => version === 0)).toHaveLength(1)
    }
  })

  test('a database that is missing is made', async () => {
    const inbox = mariadb().open({ database: 'made_by_the_inbox' })
    expect(await inbox.view!.stats()).toEqual([])
  })
})

function poolOf(uri: string, database: string): Pool {
  const pool = createPool({ uri, database })
  onTestFinished(() => pool.promise().end())
  return pool
}
