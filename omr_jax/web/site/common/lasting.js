// Errors that stay until the user gives something else.

/** An error that comes again however often the same is tried. Its message is for the user. */
export class Lasting extends Error {}
