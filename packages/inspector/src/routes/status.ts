import { madeOf, type Provider } from '@postern/core/scheme'
import type { Action, StatusReply } from '../api.ts'
import type { Context } from './context.ts'
import { mayDo } from './allowed.ts'

/** What stays the same while the page is open. */
export async function answerStatus({
  inbox,
  receivers,
  options,
  visitor,
}: Context): Promise<StatusReply> {
  const stats = (await inbox.view?.stats()) ?? []
  const all: readonly Action[] = ['replay', 'discard', 'rerun', 'sample', 'mute']
  return {
    name: options.name ?? 'postern',
    inbox: inbox.name,
    hasHandlers: receivers.length > 0,
    receivers: [
      ...new Set([...receivers.map(({ name }) => name), ...stats.map(({ receiver }) => receiver)]),
    ].map((name) => {
      const receiver = receivers.find((one) => one.name === name)
      return {
        name,
        provider: receiver?.provider.name ?? name,
        title: receiver ? titleOf(receiver.provider) : name,
        topics: receiver?.topics ?? [],
        subscriptions: [
          ...new Set(stats.flatMap((lane) => (lane.receiver === name ? lane.subscription : []))),
        ],
        canSign: receiver?.provider.sign !== undefined,
      }
    }),
    hasRegistered: options.registered !== undefined,
    search: inbox.can.search,
    visitor: {
      ...(visitor.as !== undefined && { as: visitor.as }),
      actions: all.filter((action) => mayDo(visitor, action, receivers.length > 0)),
      payloads: visitor.payloads,
      canSignOut: visitor.canSignOut,
    },
    now: Date.now(),
  }
}

function titleOf(provider: Provider): string {
  const title = madeOf(provider)?.factory.about.title ?? provider.name
  return provider.inner ? `${titleOf(provider.inner)} behind ${title}` : title
}
