import { describe, expectTypeOf, test } from 'vitest'
import { createReceiver, memoryInbox, type Receiver, type Task } from '../../src/index.ts'
import type { AnyCommit, CommitIn, CommitWrite } from '../../src/basics/index.ts'
import type { Inbox } from '../../src/inbox/index.ts'
import type { Provider } from '../../src/provider/index.ts'

interface Database {
  run(sql: string): number
}

declare const provider: Provider<{ 'order.paid': { total: number } }>
declare const shared: Inbox<CommitWrite<Database>>
declare const both: Inbox<CommitWrite<Database> & CommitIn>
declare const any: Inbox
declare const rows: (text: string, values: unknown[]) => Promise<unknown>

describe("task.commit has the type of its receiver's inbox", () => {
  test('a function gets the connection, and its result comes back', () => {
    createReceiver({ provider, inbox: shared }).on('order.paid', (event, task) => {
      expectTypeOf(event.payload.total).toEqualTypeOf<number>()
      expectTypeOf(task.commit((database) => database.run('INSERT'))).toEqualTypeOf<number>()
      // @ts-expect-error this inbox accepts no transaction of the app
      void task.commit({ in: rows })
    })
  })

  test('an inbox that takes a transaction of the app has both', () => {
    createReceiver({ provider, inbox: both }).onAny(async (_, task) => {
      expectTypeOf(task.commit((database) => database.run('INSERT'))).toEqualTypeOf<number>()
      expectTypeOf(task.commit({ in: rows })).toEqualTypeOf<Promise<void>>()
    })
  })

  test('an inbox without transactions has none', () => {
    createReceiver({ provider, inbox: memoryInbox() }).on('order.paid', (_, task) => {
      expectTypeOf(task.commit).toEqualTypeOf<never>()
    })
  })

  test('where the type does not tell the inbox, the function says what it wants', () => {
    createReceiver({ provider, inbox: any }).on('order.paid', (_, task) => {
      expectTypeOf(task.commit).toEqualTypeOf<AnyCommit>()
      void task.commit((database: Database) => database.run('INSERT'))
      void task.commit({ in: rows })
    })
  })

  test('handlers of any task fit every receiver, and receivers every adapter', () => {
    const handler = (_: unknown, task: Task): string => task.id
    const receiver = createReceiver({ provider, inbox: both })
    receiver.on('order.paid', handler).onAny(handler)
    expectTypeOf(receiver).toExtend<Receiver<{ 'order.paid': { total: number } }>>()
    expectTypeOf(shared).toExtend<Inbox>()
    expectTypeOf(memoryInbox()).toExtend<Inbox>()
  })
})
