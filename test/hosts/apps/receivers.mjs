import { makeReceivers } from './make.mjs'

export const receivers = makeReceivers()

/** The receiver of a path, which frameworks that find routes by files ask for. */
export const receiverAt = (path) => receivers[path.replace(/\/$/, '').split('/').at(-1)]

/** For frameworks whose own listener closes nothing. */
export const all = Object.values(receivers)
export const port = Number(process.env.PORT)
