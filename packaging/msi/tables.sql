-- What wixl has no words for: one statement a line, for msibuild; FILE_VERSION stands for 0.1.0.0.

-- PATH: "=" makes the variable when installing, "-" takes our part out when removing, "*" means the machine's. What others
-- added stays: Windows Installer edits the list (Environment table).
CREATE TABLE `Environment` (`Environment` CHAR(72) NOT NULL, `Name` CHAR(255) NOT NULL LOCALIZABLE, `Value` CHAR(255) LOCALIZABLE, `Component_` CHAR(72) NOT NULL PRIMARY KEY `Environment`)
INSERT INTO `Environment` (`Environment`, `Name`, `Value`, `Component_`) VALUES ('Path', '=-*PATH', '[~];[PROGRAMDIR]', 'Command')
INSERT INTO `InstallExecuteSequence` (`Action`, `Sequence`) VALUES ('RemoveEnvironmentStrings', 3300)
INSERT INTO `InstallExecuteSequence` (`Action`, `Sequence`) VALUES ('WriteEnvironmentStrings', 5200)

-- The service beyond what ServiceInstall can say (MsiServiceConfig; event 5: installing and repairing). 3: delayed start.
-- 4: recovery also from an end that was no crash. 5: a SID of its own (1: SERVICE_SID_TYPE_UNRESTRICTED). 6: the privileges it keeps. 7: ms that it may take before shutdown.
CREATE TABLE `MsiServiceConfig` (`MsiServiceConfig` CHAR(72) NOT NULL, `Name` CHAR(255) NOT NULL, `Event` SHORT NOT NULL, `ConfigType` LONG NOT NULL, `Argument` CHAR(0), `Component_` CHAR(72) NOT NULL PRIMARY KEY `MsiServiceConfig`)
INSERT INTO `MsiServiceConfig` (`MsiServiceConfig`, `Name`, `Event`, `ConfigType`, `Argument`, `Component_`) VALUES ('Delayed', 'Segue', 5, 3, '1', 'Service')
INSERT INTO `MsiServiceConfig` (`MsiServiceConfig`, `Name`, `Event`, `ConfigType`, `Argument`, `Component_`) VALUES ('AlsoFailures', 'Segue', 5, 4, '1', 'Service')
INSERT INTO `MsiServiceConfig` (`MsiServiceConfig`, `Name`, `Event`, `ConfigType`, `Argument`, `Component_`) VALUES ('Sid', 'Segue', 5, 5, '1', 'Service')
INSERT INTO `MsiServiceConfig` (`MsiServiceConfig`, `Name`, `Event`, `ConfigType`, `Argument`, `Component_`) VALUES ('Privileges', 'Segue', 5, 6, 'SeChangeNotifyPrivilege[~]SeImpersonatePrivilege', 'Service')
INSERT INTO `MsiServiceConfig` (`MsiServiceConfig`, `Name`, `Event`, `ConfigType`, `Argument`, `Component_`) VALUES ('Preshutdown', 'Segue', 5, 7, '10000', 'Service')

-- After a crash it is started again after 5, 30 and 60 seconds; a day without one counts from the first again.
CREATE TABLE `MsiServiceConfigFailureActions` (`MsiServiceConfigFailureActions` CHAR(72) NOT NULL, `Name` CHAR(255) NOT NULL, `Event` SHORT NOT NULL, `ResetPeriod` LONG, `RebootMessage` CHAR(255) LOCALIZABLE, `Command` CHAR(255) LOCALIZABLE, `Actions` CHAR(0), `DelayActions` CHAR(0), `Component_` CHAR(72) NOT NULL PRIMARY KEY `MsiServiceConfigFailureActions`)
INSERT INTO `MsiServiceConfigFailureActions` (`MsiServiceConfigFailureActions`, `Name`, `Event`, `ResetPeriod`, `Actions`, `DelayActions`, `Component_`) VALUES ('Recovery', 'Segue', 5, 86400, '1[~]1[~]1', '5000[~]30000[~]60000', 'Service')
INSERT INTO `InstallExecuteSequence` (`Action`, `Sequence`) VALUES ('MsiConfigureServices', 5850)

-- The version before goes inside the transaction, so that it is back if the new one cannot be installed.
UPDATE `InstallExecuteSequence` SET `Sequence` = 1501 WHERE `Action` = 'RemoveExistingProducts'

-- Without a version Windows would ask the files' times whether a repair may replace them.
UPDATE `File` SET `Version` = 'FILE_VERSION', `Language` = '1033' WHERE `File` = 'segd.exe'
UPDATE `File` SET `Version` = 'FILE_VERSION', `Language` = '1033' WHERE `File` = 'seg.exe'
