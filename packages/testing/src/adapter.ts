import { bodyCases } from './adapter/body-cases.ts'
import { conversationCases } from './adapter/conversation-cases.ts'
import { identityCases } from './adapter/identity-cases.ts'
import { limitCases } from './adapter/limit-cases.ts'
import { parserCases, type ConsumedVariant, type RecoveredVariant } from './adapter/parser-cases.ts'
import type { Mount } from './adapter/scene.ts'
import type { TestRunner } from './runner.ts'

/** An adapter on its framework, as {@link testAdapter} takes it. */
export interface AdapterUnderTest {
  /** Adapter and framework, such as `express 5`. */
  readonly name: string
  /** Mounts the adapter on a route of its own, in the framework's plainest way. */
  readonly mount: Mount
  /** The same under a prefix that a router cuts off. */
  readonly nested?: Mount
  /** True if the host rewrites query strings (`%7e` as `%7E`, `flag` as `flag=`) before the adapter gets them. @default false */
  readonly rewritesQuery?: boolean
  /** True if the host hands over whole requests alone, so that the adapter sees no body in part (AWS Lambda). @default false */
  readonly buffers?: boolean
  /** Apps in which other code reads the body first and keeps nothing. */
  readonly consumed?: readonly ConsumedVariant[]
  /** Apps in which other code reads the body first and keeps the bytes, or a string of them. */
  readonly recovered?: readonly RecoveredVariant[]
}

/**
 * The contract of an adapter, as a suite: real deliveries over real sockets to the real framework. It asserts with
 * node:assert, so that it runs under vitest, node:test and jest.
 *
 * @example
 * testAdapter({ name: 'node:http', mount: (stage) => listen(webhook(stage.receiver)) }, { describe, test })
 */
export function testAdapter(adapter: AdapterUnderTest, runner: TestRunner): void {
  runner.describe(`${adapter.name} keeps the contract of adapters`, () => {
    conversationCases(adapter.mount, adapter, runner)
    bodyCases(adapter.mount, adapter, runner)
    limitCases(adapter.mount, adapter, runner)
    identityCases(adapter.mount, runner)
    parserCases(adapter.consumed ?? [], adapter.recovered ?? [], runner)
  })
}
