import { webhook } from '@postern/koa'
import Koa from 'koa'
import { posternReceiver } from './postern.ts'
import { listen, type Subject } from './subject.ts'

/** Postern on Koa, inbox in memory. */
export const subject: Subject = {
  sender: 'github',
  framework: 'koa',
  start: () => listen(new Koa().use(webhook(posternReceiver())).callback()),
}
