import 'reflect-metadata'
import { Inject, SetMetadata } from '@nestjs/common'
import type { SubscriptionOptions } from '@postern/core'
import { receiverToken } from './tokens.ts'

/** What a decorator asks for. */
export type Mark =
  | {
      readonly kind: 'webhook'
      readonly receiver: string
      readonly topic: string | readonly string[]
      readonly options: WebhookSubscription
    }
  | { readonly kind: 'dead'; readonly receiver: string }

/** Options of {@link OnWebhook}: those of `receiver.on`. `name` is the class and the method unless it is given. */
export type WebhookSubscription = SubscriptionOptions

const MARKS = 'postern:marks'

/**
 * Subscribes a method of a provider or controller to topics of a receiver. It is called with the event and its task, and the
 * task is done when it resolves. The subscription's name is the class and the method (`Billing.paid`): give `name`, or `formerly`, before
 * you rename either while tasks wait. The provider must be a singleton.
 *
 * @example
 * @OnWebhook('stripe', 'invoice.paid', { retry: { attempts: 5 } })
 * paid(event: WebhookEvent) {}
 */
export function OnWebhook(
  receiver: string,
  topic: string | readonly string[],
  options: WebhookSubscription = {},
): MethodDecorator {
  return marked({ kind: 'webhook', receiver, topic, options })
}

/**
 * Calls a method of a provider for each task of a receiver that is dead, with the attempt and the error.
 *
 * @example
 * @OnDead('stripe')
 * gaveUp(attempt: AttemptInfo, error: TaskError) {}
 */
export function OnDead(receiver: string): MethodDecorator {
  return marked({ kind: 'dead', receiver })
}

/**
 * Injects a receiver by its name.
 *
 * @example
 * constructor(@InjectReceiver('stripe') private readonly receiver: Receiver) {}
 */
export function InjectReceiver(name: string): ParameterDecorator & PropertyDecorator {
  return Inject(receiverToken(name))
}

/** The marks of a method. */
export function marksOf(method: object): readonly Mark[] {
  return (Reflect.getMetadata(MARKS, method) as readonly Mark[] | undefined) ?? []
}

function marked(mark: Mark): MethodDecorator {
  return (target, key, descriptor) => {
    const method = descriptor.value as object
    SetMetadata(MARKS, [...marksOf(method), mark])(target, key, descriptor)
  }
}
