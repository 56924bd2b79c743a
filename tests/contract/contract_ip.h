/* Changes of this machine's addresses, for the cases that watch them. A failing call fails the
 * test. Changing them wants root, or an administrator on Windows. */
#ifndef SEGUE_TESTS_CONTRACT_CONTRACT_IP_H
#define SEGUE_TESTS_CONTRACT_CONTRACT_IP_H

/* First thing in main: where the system can, the program gets a network of its own, in which there
 * is nothing but the loopback interface. */
void ip_start(void);

/* Gives the loopback interface one more address and takes it away again, which is two changes. They
 * may still be under way when the call returns. */
void ip_change_address(void);

#endif
