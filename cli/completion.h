/* Completion scripts for shells, made from the table of commands. Pure. */
#ifndef SEGUE_CLI_COMPLETION_H
#define SEGUE_CLI_COMPLETION_H

#include "base/buf.h"

/* Appends a script for bash 4 and newer: source <(seg completion bash). */
void completion_put_bash(struct sg_buf *out);

/* Appends a script for PowerShell 5 and newer:
 * seg completion powershell | Out-String | Invoke-Expression. */
void completion_put_powershell(struct sg_buf *out);

#endif
