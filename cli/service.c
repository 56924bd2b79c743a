/* The memory of what the service manager told. */
#include "cli/service.h"

#include "base/mem.h"

void service_facts_fini(struct service_facts *facts)
{
    sg_free(facts->account);
    sg_free(facts->command);
    *facts = (struct service_facts){ 0 };
}

void service_made_fini(struct service_made *made)
{
    sg_free(made->program);
    sg_free(made->account);
    sg_free(made->data_folder);
    sg_free(made->public_folder);
    *made = (struct service_made){ 0 };
}
